import SwiftDL
import SwiftDLModels

/// Repeats the paper's comparisons of pictures and sources: GAN and FactorGAN with more and more known pairs.
///
/// Every run has a folder `RUNS/TASK/pairs-N/MODEL-seed-S`; a finished one is not repeated, an interrupted one goes on.
public struct FactorGANReproduction: Sendable {
  public let task: FactorGANTask
  /// How many pairs, or songs, are known; 0 for all.
  public var pairs: [Int]
  public var seeds = [1337]
  /// As `data.path` of a run.
  public var data: String
  public var runs: String
  /// Settings that win over the published ones, such as a number of epochs.
  public var overrides: [String] = []
  public let programVersion: String

  public init(task: FactorGANTask, data: String, runs: String, programVersion: String) {
    (self.task, self.data, self.runs, self.programVersion) = (task, data, runs, programVersion)
    pairs = FactorGANPaper.rows(task, FactorGANConfiguration(task: task).data).rows.map(\.pairs)
  }

  /// What is compared.
  enum Model: String, CaseIterable, Sendable {
    case gan
    /// A GAN whose discriminator has as many weights as all of a FactorGAN's.
    case bigGAN = "gan-big"
    case factorGAN = "factor-gan"

    /// - Parameter features: of the other models' discriminators.
    func settings(_ features: Int) -> [String] {
      switch self {
      case .gan: ["factorisation=gan"]
      case .bigGAN: ["factorisation=gan", "discriminatorFeatures=\(2 * features)"]
      case .factorGAN: ["factorisation=factor-gan"]
      }
    }
  }

  private var models: [Model] { task == .imagePairs ? Model.allCases : [.gan, .factorGAN] }

  private func folder(_ pairs: Int, _ model: Model, _ seed: Int) -> String {
    "\(runs)/\(task.rawValue)/pairs-\(pairs == 0 ? "all" : "\(pairs)")/\(model.rawValue)-seed-\(seed)"
  }

  /// Trains what is not finished. Returns false when asked to stop before the end.
  public func train(style: ProgressMeter.Style, note: (String) -> Void) throws -> Bool {
    let features = try RunRequest(overrides: overrides, folder: runs, programVersion: programVersion)
      .resolved(FactorGANConfiguration(task: task), mayChange: []).discriminatorFeatures
    for seed in seeds {
      for pairs in pairs {
        for model in models {
          let folder = folder(pairs, model, seed)
          let record = Folders.isDirectory("\(folder)/checkpoints") ? try RunRecord(folder) : nil
          // With a length of its own a run may be taken further than it was.
          let length = overrides.last(where: Self.isLength)
          if let record, record.summary != nil, length == nil || length == "epochs=\(record.setting("epochs") ?? "")" {
            continue
          }
          note("\(pairs == 0 ? "all" : "\(pairs)") pairs, \(model.rawValue), seed \(seed)")
          let settings = [
            "data.path=\(data)", "data.cache=\(runs)/cache", "data.pairs=\(pairs)", "seed=\(seed)", "keepsGenerators=false",
          ]
          let recipe = FactorGANRecipe(
            task: task,
            RunRequest(
              overrides: record == nil ? settings + overrides + model.settings(features) : overrides.filter(Self.isLength),
              folder: folder, resumes: record != nil, programVersion: programVersion))
          if case .interrupted = try recipe.train(style: style) { return false }
        }
      }
    }
    return true
  }

  /// Whether a setting takes a run further, and alters nothing in it.
  private static func isLength(_ setting: String) -> Bool { setting.hasPrefix("epochs=") }

  // MARK: - The table

  /// The runs of one model with one number of pairs.
  public struct Row: Sendable {
    /// 0 for all.
    public let pairs: Int
    let model: Model
    let records: [RunRecord]
    /// The figures' keys, and the paper's values where there are some.
    let keys: [String]
    let paper: [Double]

    /// The last value of every seed.
    private func values(_ key: String) -> [Double] { records.compactMap { $0.series(key).last?.value } }

    /// The mean over seeds.
    public func figure(_ key: String) -> Double? {
      let values = values(key)
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    var updates: Int { records.map { $0.metrics.last?["step"]?.integer ?? 0 }.min() ?? 0 }
    var hours: Double { records.compactMap { $0.series("train_seconds").last?.value }.reduce(0, +) / 3600 }

    /// As text: pairs, model, figures, the paper's, updates, seeds, hours.
    var cells: [String] {
      let figures = keys.enumerated().flatMap { index, key in
        [figure(key)?.text(decimals: 3) ?? "–", index < paper.count ? paper[index].text(decimals: 3) : "–"]
      }
      return [pairs == 0 ? "all" : "\(pairs)", model.rawValue] + figures + [
        "\(updates)", "\(records.count)", hours.text(decimals: 2),
      ]
    }

    var json: JSONObject {
      var object: JSONObject = ["pairs": pairs, "model": model.rawValue, "updates": updates, "train_seconds": hours * 3600]
      for (index, key) in keys.enumerated() {
        object[key] = .array(values(key).map { .number($0) })
        if index < paper.count { object["paper_\(key)"] = .number(paper[index]) }
      }
      object["seeds"] = .array(records.compactMap { $0.setting("seed").flatMap { Int($0) }.map { .number(Double($0)) } })
      return object.merging(records.first?.travellingFacts ?? [:])
    }
  }

  /// What the runs have reached, finished or not.
  public func rows() throws -> [Row] {
    try pairs.flatMap { pairs in
      try models.compactMap { model in
        let records = try seeds.compactMap { seed in
          let folder = folder(pairs, model, seed)
          return Folders.exists("\(folder)/config.yaml") ? try RunRecord(folder) : nil
        }
        guard let first = records.first else { return nil }
        let settings = try first.configuration(as: FactorGANConfiguration.self).data
        let (keys, paper) = FactorGANPaper.rows(task, settings)
        let published = paper.first { $0.pairs == pairs }
        let values = model == .gan ? published?.gan : model == .bigGAN ? published?.bigGAN : published?.factorGAN
        let ours = task == .segmentation ? ["mean_iou", "mean_dice"] : []
        return Row(pairs: pairs, model: model, records: records, keys: keys + ours, paper: values ?? [])
      }
    }
  }

  private static func heads(_ rows: [Row]) -> [String] {
    let figures = (rows.first?.keys ?? []).flatMap { [$0.replacing("_", with: " "), "paper's"] }
    return ["pairs", "model"] + figures + ["updates", "seeds", "hours"]
  }

  /// The rows as text in columns.
  public static func table(_ rows: [Row]) -> String {
    TextTable(heads: heads(rows), rows: rows.map(\.cells), names: 2).text
  }

  /// The rows as a Markdown page.
  public func markdown(_ rows: [Row]) -> String {
    """
    # FactorGAN: \(task.rawValue)

    GAN and FactorGAN with few and many known pairs, or songs; `swiftdl reproduce factor-gan \(task.rawValue)` repeats it.
    Beside our figures the paper's (Stoller, Ewert, Dixon, "Training generative adversarial networks from incomplete
    observations using factorised discriminators", ICLR 2020), of other data and 200,000 updates of larger networks: they
    show the direction, no value to reach. Means over seeds; hours are those of updates, of all seeds, beside other work.
    Settings that differ from the published ones: \(overrides.isEmpty ? "none" : overrides.joined(separator: ", ")).

    """ + "\n" + TextTable(heads: Self.heads(rows), rows: rows.map(\.cells)).markdown
  }

  /// Writes the rows as JSON, replacing the file.
  public func write(_ rows: [Row], to path: String) throws {
    let settings = JSONValue.array(overrides.map { .string($0) })
    let object: JSONObject = [
      "paper": "FactorGAN, ICLR 2020", "task": task.rawValue, "settings": settings, "results": rows.map(\.json),
    ]
    try AtomicFile.write(object.json.written(indentation: 2) + "\n", to: path)
  }
}
