public import SwiftDL
public import SwiftDLModels

/// Repeats the paper's curve: GAN and FactorGAN on more and more pairs of digits, beside the paper's figures.
///
/// Every run has a folder `RUNS/lambda-λ/pairs-N/MODEL`; a finished one is not repeated, an interrupted one goes on.
public struct PairedDigitsReproduction: Sendable {
  /// How many pairs are known; 0 for all. Numbers beyond what the data have are left out.
  public var pairs = [10, 20, 50, 100, 1000, 5000, 0]
  public var sameClass = [0.1, 0.9]
  public var factorisations = [DensityFactorisation.gan, .factorGAN]
  /// As `data.path` of a run.
  public var data: String
  public var runs: String
  /// Settings that win over the published ones, such as a number of epochs.
  public var overrides: [String] = []
  public let programVersion: String

  public init(data: String, runs: String, programVersion: String) {
    self.data = data
    self.runs = runs
    self.programVersion = programVersion
  }

  private struct Run {
    let sameClass: Double
    let pairs: Int
    let factorisation: DensityFactorisation
  }

  private var all: [Run] {
    sameClass.flatMap { sameClass in
      pairs.flatMap { pairs in
        factorisations.map { Run(sameClass: sameClass, pairs: pairs, factorisation: $0) }
      }
    }
  }

  private func folder(_ run: Run) -> String {
    "\(runs)/lambda-\(run.sameClass)/pairs-\(run.pairs == 0 ? "all" : "\(run.pairs)")/\(run.factorisation.rawValue)"
  }

  /// Trains what is not finished. Returns false when asked to stop before the end.
  public func train(style: ProgressMeter.Style, note: (String) -> Void) throws -> Bool {
    let available = try DigitCorpus(data).train.count
    for run in all where run.pairs <= available {
      let folder = folder(run)
      let record = Folders.isDirectory("\(folder)/checkpoints") ? try RunRecord(folder) : nil
      // With settings of its own a run may be taken further than it was.
      if record?.summary != nil && overrides.isEmpty { continue }
      note("λ \(run.sameClass), \(run.pairs == 0 ? "all" : "\(run.pairs)") pairs, \(run.factorisation.rawValue)")
      let settings = [
        "data.path=\(data)", "data.cache=\(runs)/cache", "data.pairs=\(run.pairs)", "data.sameClass=\(run.sameClass)",
        "factorisation=\(run.factorisation.rawValue)", "keepsGenerators=false",
      ]
      let recipe = FactorGANRecipe(
        task: .pairedDigits,
        RunRequest(
          overrides: (record == nil ? settings : []) + overrides, folder: folder, resumes: record != nil,
          programVersion: programVersion))
      if case .interrupted = try recipe.train(style: style) { return false }
    }
    return true
  }

  // MARK: - The table

  /// What the runs have reached, finished or not.
  public func rows() throws -> [Row] {
    try all.compactMap { run in
      let folder = folder(run)
      guard Folders.exists("\(folder)/config.yaml") else { return nil }
      return Row(
        sameClass: run.sameClass, pairs: run.pairs, factorisation: run.factorisation,
        paper: PairedDigitsPaper.figures(run.factorisation, pairs: run.pairs, sameClass: run.sameClass),
        record: try RunRecord(folder))
    }
  }

  /// One run.
  public struct Row: Sendable {
    public let sameClass: Double
    /// 0 for all.
    public let pairs: Int
    public let factorisation: DensityFactorisation
    let paper: PairedDigitsPaper.Figures?
    let record: RunRecord

    private func last(_ name: String) -> Double? { record.series(name).last?.value }
    /// The last generator's figures; `nil` before the first epoch's end.
    public var distance: Double? { last("fid") }
    public var dependencyError: Double? { last("dependency_error") }
    /// Updates at that epoch's end.
    public var updates: Int { record.series("fid").last?.step ?? 0 }
    public var trainingSeconds: Double { last("train_seconds") ?? 0 }
    /// The data by the name of their folder, or the package that stands in.
    var data: String {
      let path = record.setting("data.path") ?? ""
      return path.split(separator: "/").last.map(String.init) ?? "the package \(DigitCorpus.package)"
    }

    static let heads = [
      "λ", "pairs", "model", "updates", "Fréchet distance", "paper's", "dependency error", "paper's", "hours",
    ]
    private var numbers: [(value: Double?, decimals: Int)] {
      [(distance, 2), (paper?.distance, 2), (dependencyError, 3), (paper?.dependencyError, 3)]
    }
    /// As text, under `heads`.
    var cells: [String] {
      ["\(sameClass)", pairs == 0 ? "all" : "\(pairs)", factorisation.rawValue, "\(updates)"]
        + numbers.map { number in number.value.map { $0.text(decimals: number.decimals) } ?? "–" }
        + [(trainingSeconds / 3600).text(decimals: 2)]
    }
    /// The same with numbers as numbers, ours standing out.
    var reportCells: [ReportTable.Cell] {
      cells.enumerated().map { index, text in
        guard numbers.indices.contains(index - 4) else { return .text(text) }
        let number = numbers[index - 4]
        return .number(number.value, decimals: number.decimals, emphasized: index % 2 == 0)
      }
    }

    var json: JSONObject {
      let object: JSONObject = [
        "data": data, "same_class": sameClass, "pairs": pairs, "model": factorisation.rawValue, "updates": updates,
        "fid": distance,
        "paper_fid": paper?.distance, "dependency_error": dependencyError, "paper_dependency_error": paper?.dependencyError,
        "seed": record.setting("seed").flatMap { Int($0) }, "train_seconds": trainingSeconds,
        "updates_per_second": record.summary?["updates_per_second"]?.number,
      ]
      return object.merging(record.travellingFacts)
    }
  }

  /// The rows as text in columns.
  public static func table(_ rows: [Row]) -> String {
    TextTable(heads: Row.heads, rows: rows.map(\.cells), names: 3).text
  }

  /// The rows as a Markdown page.
  public static func markdown(_ rows: [Row]) -> String {
    """
    # FactorGAN on pairs of digits

    GAN and FactorGAN, trained with the authors' settings and seed 1337 on few and many known pairs; `swiftdl reproduce
    factor-gan-paired` repeats it. The paper's figures are of MNIST after 200,000 updates: Stoller, Ewert, Dixon, "Training
    generative adversarial networks from incomplete observations using factorised discriminators", ICLR 2020.
    λ tells how often both images of a pair are taken from one class. The Fréchet distance is the mean over both images, of
    the features of a classifier trained on the same data; so figures of one data set say little about another's. Less is
    better, in both figures. Hours are those of updates, beside other work. Our data: \(dataNames(rows)).

    """ + "\n" + TextTable(heads: Row.heads, rows: rows.map(\.cells)).markdown
  }

  /// What the runs were trained on.
  private static func dataNames(_ rows: [Row]) -> String {
    Set(rows.map(\.data)).sorted().joined(separator: ", ")
  }

  /// Writes the rows as JSON, replacing the file.
  public static func write(_ rows: [Row], to path: String) throws {
    let object: JSONObject = ["paper": "FactorGAN, ICLR 2020", "results": rows.map(\.json)]
    try AtomicFile.write(object.json.written(indentation: 2) + "\n", to: path)
  }

  /// The Fréchet distance over the number of pairs, the paper's dashed.
  public static func curve(_ rows: [Row]) -> LineChart {
    chart(rows, "Fréchet distance", "of digits' features", { $0.distance }, { $0.distance })
  }

  private static func chart(
    _ rows: [Row], _ title: String, _ vertical: String, _ ours: (Row) -> Double?,
    _ paper: (PairedDigitsPaper.Figures) -> Double
  ) -> LineChart {
    // All pairs of MNIST, and of sets made like it.
    func place(_ row: Row) -> Double { row.pairs == 0 ? 60_000 : Double(row.pairs) }
    var series: [ChartSeries] = []
    var colour = 0
    for sameClass in Set(rows.map(\.sameClass)).sorted() {
      for factorisation in DensityFactorisation.allCases {
        let mine = rows.filter { $0.sameClass == sameClass && $0.factorisation == factorisation }.sorted {
          place($0) < place($1)
        }
        if mine.isEmpty { continue }
        let name = "\(factorisation.rawValue), λ \(sameClass)"
        series.append(
          ChartSeries(name, mine.compactMap { row in ours(row).map { (place(row), $0) } }, colour: colour))
        series.append(
          ChartSeries(
            "\(name), paper", mine.compactMap { row in row.paper.map { (place(row), paper($0)) } }, dashed: true,
            colour: colour))
        colour += 1
      }
    }
    return LineChart(
      title: title, horizontal: "pairs", vertical: vertical, horizontalScale: .logarithmic, verticalScale: .logarithmic,
      series: series.filter { !$0.points.isEmpty })
  }

  /// Writes the page: the curves and the table.
  public static func writePage(_ rows: [Row], to path: String) throws(FileError) {
    var report = HTMLReport(
      title: "FactorGAN on pairs of digits", subtitle: "few and many known pairs, beside the paper's figures")
    report.section(
      "Curves", note: "The paper's, of MNIST after 200,000 updates, are dashed.",
      [
        .charts([
          curve(rows),
          chart(rows, "Dependency", "mean error of the ratios", { $0.dependencyError }, { $0.dependencyError }),
        ])
      ])
    let table = ReportTable(columns: Row.heads, rows: rows.map(\.reportCells))
    report.section("Results", note: "Of the last epoch that is finished.", [.table(table)])
    try report.write(to: path)
  }
}
