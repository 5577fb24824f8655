import Experiments
import Foundation
import Testing

enum Rule: String, Codable, CaseIterable, Sendable { case adam, sgd, rmsprop }

struct OptimizerSettings: RunConfiguration {
  var rule = Rule.adam
  var rate = 1e-4
  var momentum: Float = 0.1
  var clip: Double?
}

struct LayerSettings: RunConfiguration {
  var channels = 24
  var kernelSize = 15
}

struct PatienceSettings: RunConfiguration {
  var patience = 20
  var metric = "loss"
}

struct PlainPart: Codable, Sendable, Equatable {
  var width = 1
  var label: String?
}

enum Schedule: Codable, Sendable, Equatable {
  case constant
  case cosine(steps: Int)
}

struct ExampleSettings: RunConfiguration {
  var title = "first run"
  var steps = 1000
  var seed: UInt64 = 7
  var mono = true
  var stems = ["vocals", "rest"]
  var dilations = [1, 2, 4]
  var optimizer = OptimizerSettings()
  var layers = [LayerSettings(), LayerSettings(channels: 48, kernelSize: 15)]
  var stopping: PatienceSettings?
  var limit: Int?
  var schedule = Schedule.constant
  var parts = [PlainPart()]
  var weights = ["vocals": 1.5]

  func validate() throws(ConfigurationError) {
    if steps <= 0 { throw ConfigurationError("steps", "must be positive, not \(steps)") }
    do { try optimizer.validateRate() } catch { throw error.inside("optimizer") }
  }

  static let comments = [
    "steps": "how many batches", "optimizer.rate": "step size", "layers": "from the input on",
  ]
}

extension OptimizerSettings {
  func validateRate() throws(ConfigurationError) {
    if rate <= 0 { throw ConfigurationError("rate", "must be positive, not \(rate)") }
  }
}

/// A YAML file that lives as long as a test needs it.
func withFile<Result>(_ text: String, body: (String) throws -> Result) throws -> Result {
  let path = NSTemporaryDirectory() + "/settings-\(UUID().uuidString).yaml"
  try text.write(toFile: path, atomically: false, encoding: .utf8)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

func load(_ yaml: String? = nil, _ overrides: [String] = []) throws -> ExampleSettings {
  guard let yaml else {
    return try ConfigurationLoader.load(ExampleSettings.self, overrides: overrides)
  }
  return try withFile(yaml) {
    try ConfigurationLoader.load(ExampleSettings.self, file: $0, overrides: overrides)
  }
}

struct Change: Sendable, CustomTestStringConvertible {
  let override: String
  let apply: @Sendable (inout ExampleSettings) -> Void
  var testDescription: String { override }

  init(_ override: String, _ apply: @escaping @Sendable (inout ExampleSettings) -> Void) {
    self.override = override
    self.apply = apply
  }
}

@Suite struct ConfigurationTests {
  @Test func nothingSaidMeansTheDefaults() throws {
    #expect(try load() == ExampleSettings())
    #expect(try load("") == ExampleSettings())
    #expect(try load("# only a comment\noptimizer:\n  # rate: 3\n") == ExampleSettings())
  }

  @Test func laterLayersWin() throws {
    let yaml = """
      steps: 5
      optimizer:
        rate: 0.5
        clip: 1
      """
    let both = try load(yaml, ["steps=6", "optimizer.rule=sgd"])
    var expected = ExampleSettings()
    expected.steps = 6
    expected.optimizer = OptimizerSettings(rule: .sgd, rate: 0.5, momentum: 0.1, clip: 1)
    #expect(both == expected)
    #expect(try load(yaml, ["steps=6", "steps=9"]).steps == 9)
    let preset = try ConfigurationLoader.load(
      ExampleSettings.self, base: both, overrides: ["optimizer.clip=null"])
    #expect(preset.steps == 6 && preset.optimizer.clip == nil && preset.optimizer.rate == 0.5)
  }

  /// Each override against the change it makes.
  @Test(arguments: [
    Change("steps=1e4") { $0.steps = 10000 },
    Change("seed=18") { $0.seed = 18 },
    Change("mono=false") { $0.mono = false },
    Change("title=2024") { $0.title = "2024" },
    Change("title=a: b # c") { $0.title = "a: b # c" },
    Change("title=\"a\\tb\"") { $0.title = "a\tb" },
    Change("title=") { $0.title = "" },
    Change("title=null") { $0.title = "null" },
    Change("stems=[guitar,rest]") { $0.stems = ["guitar", "rest"] },
    Change("stems=guitar") { $0.stems = ["guitar"] },
    Change("stems=[no, 5]") { $0.stems = ["no", "5"] },
    Change("stems=[]") { $0.stems = [] },
    Change("dilations=1,2,4,8") { $0.dilations = [1, 2, 4, 8] },
    Change("optimizer.rate=1e-3") { $0.optimizer.rate = 1e-3 },
    Change("optimizer.rate=2") { $0.optimizer.rate = 2 },
    Change("optimizer.momentum=0.9") { $0.optimizer.momentum = 0.9 },
    Change("optimizer={rate: 2, rule: sgd}") {
      $0.optimizer.rate = 2
      $0.optimizer.rule = .sgd
    },
    Change("optimizer.clip=0.5") { $0.optimizer.clip = 0.5 },
    Change("limit=3") { $0.limit = 3 },
    Change("stopping.patience=3") { $0.stopping = PatienceSettings(patience: 3) },
    Change("stopping={metric: sdr}") { $0.stopping = PatienceSettings(metric: "sdr") },
    Change("layers=[{channels: 3}]") { $0.layers = [LayerSettings(channels: 3)] },
    Change("schedule={cosine: {steps: 4}}") { $0.schedule = .cosine(steps: 4) },
    Change("parts=[{width: 2, label: x}, {width: 3}]") {
      $0.parts = [PlainPart(width: 2, label: "x"), PlainPart(width: 3)]
    },
    Change("weights={bass: 2}") { $0.weights = ["bass": 2] },
  ])
  func overridesMean(_ change: Change) throws {
    var expected = ExampleSettings()
    change.apply(&expected)
    #expect(try load(nil, [change.override]) == expected)
  }

  /// Each bad layer against the line it must be answered with (FILE stands for the file's name).
  @Test(
    arguments: [
      (
        "optimizer:\n  rte: 1", [],
        "FILE:2: optimizer.rte: there is no such key (did you mean optimizer.rate?)"
      ),
      ("stpes: 1", [], "FILE:1: stpes: there is no such key (did you mean steps?)"),
      ("rate: 1", [], "FILE:1: rate: there is no such key (did you mean optimizer.rate?)"),
      ("steps: many", [], "FILE:1: steps: expected a whole number, not “many”"),
      ("\nsteps: 1.5", [], "FILE:2: steps: expected a whole number, not “1.5”"),
      ("steps:", [], "FILE:1: steps: expected a whole number, not nothing"),
      ("stems: vocals", [], "FILE:1: stems: expected a list of texts, not “vocals”"),
      ("dilations: [1, two]", [], "FILE:1: dilations[1]: expected a whole number, not “two”"),
      (
        "optimizer: adam", [],
        "FILE:1: optimizer: expected the keys rule, rate, momentum, clip, not “adam”"
      ),
      (
        "optimizer:\n  rule: adan", [],
        "FILE:2: optimizer.rule: expected one of adam, sgd, rmsprop, not “adan” (did you mean adam?)"
      ),
      ("optimizer:\n  rate: .inf", [], "FILE:2: optimizer.rate: expected a number, not “.inf”"),
      ("optimizer:\n  clip: [1]", [], "FILE:2: optimizer.clip: expected a number, not a list"),
      ("mono: yes", [], "FILE:1: mono: expected true or false, not “yes”"),
      ("steps: 1\nsteps: 2", [], "FILE:1: “steps” comes twice"),
      (
        "layers:\n- channels: 3\n- chanels: 4", [],
        "FILE:3: layers[1].chanels: there is no such key (did you mean layers[1].channels?)"
      ),
      ("parts: [{width: 2, lable: x}]", [], "FILE:1: parts[0].lable: there is no such key"),
      ("parts: [{label: x}]", [], "FILE:1: parts[0]: the key width is missing"),
      ("weights: {bass: loud}", [], "FILE:1: weights.bass: expected a number"),
      ("steps: -1", [], "FILE:1: steps: must be positive, not -1"),
      (nil, ["steps=0"], "“steps=0”: steps: must be positive, not 0"),
      (
        nil, ["optimizer.rate=-1"],
        "“optimizer.rate=-1”: optimizer.rate: must be positive, not -1.0"
      ),
      (
        nil, ["optimiser.rate=1"],
        "“optimiser.rate=1”: optimiser.rate: there is no such key (did you mean optimizer.rate?)"
      ),
      (
        nil, ["stems.0=x"],
        "“stems.0=x”: stems: has no keys inside, it is a list of texts (give it whole, stems=…)"
      ),
      (nil, ["steps"], "“steps”: an override is written key=value"),
      (nil, ["=3"], "“=3”: an override is written key=value"),
      (
        nil, ["stopping.patience=x"],
        "“stopping.patience=x”: stopping.patience: expected a whole number, not “x”"
      ),
      (nil, ["limit=x"], "“limit=x”: limit: expected a whole number, not “x”"),
    ] as [(String?, [String], String)])
  func whatIsWrongIsSaidInOneLine(yaml: String?, overrides: [String], message: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try load(yaml, overrides) }
    let line = (error?.description ?? "").replacing(/[^ ]*\/settings-[-A-Z0-9]*.yaml/, with: "FILE")
    #expect(line == message)
    #expect(!line.contains("\n"))
  }

  @Test func aMissingOrBrokenFileIsNamed() throws {
    let missing = #expect(throws: ConfigurationError.self) {
      try ConfigurationLoader.load(ExampleSettings.self, file: "/nowhere/train.yaml")
    }
    #expect(missing?.description == "/nowhere/train.yaml: there is no such file")
    let broken = #expect(throws: ConfigurationError.self) { try load("steps: [1\nmono: }") }
    #expect(broken?.description.contains("not valid YAML") == true)
    #expect(broken?.description.contains("\n") == false)
  }

  @Test(arguments: [
    [], ["title=null", "limit=4", "stopping.metric=a b"],
    ["title=- x: [y] # \"z\" ü\\", "optimizer.rate=1e-7"],
    ["title= space ", "stems=[yes, '1', 'null', '', a.b/c]", "optimizer.momentum=0.30000001"],
    ["layers=[]", "weights={}", "parts=[]", "schedule={cosine: {steps: 4}}"],
  ])
  func resolvedFormsLoadBack(overrides: [String]) throws {
    let settings = try load(nil, overrides)
    #expect(try load(settings.resolvedYAML) == settings)
    #expect(
      try ConfigurationLoader.read(ExampleSettings.self, from: settings.resolvedYAML, origin: "x")
        == settings)
    #expect(
      try ConfigurationLoader.read(ExampleSettings.self, from: settings.json.json.text, origin: "x")
        == settings)
    #expect(try load(settings.resolvedYAML).fingerprint == settings.fingerprint)
  }

  @Test func resolvedYAMLTellsEveryKeyWithItsComment() {
    let yaml = ExampleSettings().resolvedYAML
    for key in [
      "limit: null", "clip: null", "stems: [vocals, rest]", "rate: 0.0001  ", "# step size",
    ] {
      #expect(yaml.contains(key), "\(key) in \(yaml)")
    }
    #expect(yaml.contains("momentum: 0.1\n"))
    #expect(yaml.contains("# from the input on\nlayers:\n  - channels: 24\n    kernelSize: 15\n"))
    let order = ExampleSettings().json.keys
    #expect(order.prefix(3) == ["title", "steps", "seed"] && order.last == "weights")
  }

  @Test func theFingerprintFollowsMeaningAlone() throws {
    let settings = try load(nil, ["optimizer.rate=1e-3"])
    #expect(settings.fingerprint == (try load("optimizer: {rate: 0.001}")).fingerprint)
    #expect(settings.fingerprint == (try load(nil, ["optimizer.rate=0.0010"])).fingerprint)
    #expect(settings.fingerprint.count == 12)
    let others = try [
      "steps=1001", "optimizer.rate=1e-5", "limit=1000", "stems=[rest,vocals]", "title=",
    ]
    .map { try load(nil, [$0]).fingerprint }
    #expect(Set(others + [settings.fingerprint]).count == others.count + 1)
    // FNV-1a, 64 bits, folded to 48, of {"channels":24,"kernelSize":15}: run names must outlive our
    // refactorings.
    #expect(LayerSettings().fingerprint == LayerSettings(channels: 24, kernelSize: 15).fingerprint)
    #expect(LayerSettings().fingerprint == "9ecb9261d8b8")
  }

  @Test func differencesNameTheKeys() throws {
    let other = try load(nil, ["optimizer.rate=1", "limit=3", "stopping.patience=2"])
    let differences = other.differences(from: ExampleSettings())
    #expect(
      differences.map(\.key) == [
        "optimizer.rate", "stopping.patience", "stopping.metric", "limit", "stopping",
      ])
    #expect(differences.first?.value == 1.0 && differences.first?.other == 1e-4)
    #expect(ExampleSettings().differences(from: ExampleSettings()).isEmpty)
  }
}
