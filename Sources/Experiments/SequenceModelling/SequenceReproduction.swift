import Foundation
public import SwiftDL

/// Repeats the paper's table: trains both models of a task with the published settings, tests the best weights,
/// and sets the figures beside the paper's.
///
/// Every run has a folder `RUNS/TASK/MODEL`; a finished one is not repeated, an interrupted one goes on.
public struct SequenceReproduction: Sendable {
  public var tasks: [PaperTask]
  /// The folder of all data.
  public var data: String
  public var runs: String
  /// Settings that win over the published ones, such as a bound.
  public var overrides: [String] = []
  public let programVersion: String

  public init(tasks: [PaperTask], data: String, runs: String, programVersion: String) {
    self.tasks = tasks
    self.data = data
    self.runs = runs
    self.programVersion = programVersion
  }

  /// Trains what is not finished. Returns false when asked to stop before the end.
  public func train(style: ProgressMeter.Style, note: (String) -> Void) throws -> Bool {
    for task in tasks {
      let path = try place(of: task)
      for (model, preset, _) in task.models {
        let folder = folder(task, model)
        let record = Folders.isDirectory("\(folder)/checkpoints") ? try RunRecord(folder) : nil
        // With bounds of its own a run may be taken further than it was.
        if record?.summary != nil && overrides.isEmpty { continue }
        note("\(task.name), \(model.rawValue)")
        try Folders.create("\(runs)/\(task.name)")
        let settings = ["preset=\(preset)"] + (path.map { ["data.path=\($0)"] } ?? []) + task.settings
        let recipe = SequenceRecipe(
          task: task.task, model: model,
          RunRequest(
            overrides: (record == nil ? settings : []) + overrides, folder: folder, resumes: record != nil,
            programVersion: programVersion))
        if case .interrupted = try recipe.train(style: style) { return false }
      }
    }
    return true
  }

  private func folder(_ task: PaperTask, _ model: SequenceModelKind) -> String { "\(runs)/\(task.name)/\(model.rawValue)" }

  private func place(of task: PaperTask) throws(FileError) -> String? {
    if task.places.isEmpty { return nil }
    let found = task.places.map { $0 == "." ? data : "\(data)/\($0)" }.first { place in
      switch task.task {
      case .characters, .words: Folders.exists("\(place)/train.txt")
      case .audio: Folders.isDirectory(place)
      case .music, .copyMemory: Folders.exists(place)
      }
    }
    if let found { return found }
    throw FileError(
      data, "has no \(task.places.filter { $0 != "." }.joined(separator: " or ")), which “\(task.name)” needs",
      hint: "--data DIR names the folder; README tells where the sets are to be had")
  }

  // MARK: - The table

  /// What the runs have reached, finished or not.
  public func rows() throws -> [Row] {
    try tasks.flatMap { task in
      try task.models.compactMap { model, preset, paper in
        let folder = folder(task, model)
        guard Folders.exists("\(folder)/config.yaml") else { return nil }
        return Row(task: task, model: model, preset: preset, paper: paper, record: try RunRecord(folder))
      }
    }
  }

  /// One model on one task.
  public struct Row: Sendable {
    public let task: PaperTask
    public let model: SequenceModelKind
    public let preset: String
    public let paper: PaperTask.Figures?
    let record: RunRecord

    public var epochs: Int { record.series("valid_loss").count }
    public var plannedEpochs: Int { record.setting("epochs").flatMap { Int($0) } ?? 0 }
    /// The best epoch's figure on the validation part.
    public var validation: Double? { record.series("valid_metric").map(\.value).filter(\.isFinite).min() }
    /// The figure of the best epoch's weights on the test part; `nil` until the run is finished.
    public var test: Double? { record.summary?["test_metric"]?.number }
    /// The same weights' figure on the training part.
    public var train: Double? { record.summary?["train_metric"]?.number }
    public var trainingSeconds: Double { record.series("train_seconds").last?.value ?? 0 }
    /// A figure on the validation part, and what it took to get there.
    struct Validation {
      let step: Int
      let seconds: Double
      let value: Double
    }
    var validations: [Validation] {
      record.metrics.compactMap { line in
        guard let step = line["step"]?.integer, let value = line["valid_metric"]?.number else { return nil }
        return Validation(step: step, seconds: line["train_seconds"]?.number ?? 0, value: value)
      }
    }
    /// Settings of the optimiser that are not the published ones, as `key value`.
    public var changes: [String] {
      guard let published = SequenceOptimizerSettings.published(preset) else { return [] }
      return [("optimizer.rate", published.rate), ("optimizer.clipNorm", published.clipNorm)].compactMap { key, usual in
        record.setting(key).flatMap { Float($0) == usual ? nil : "\(key) \($0)" }
      }
    }
    public var accuracy: Double? { record.summary?["test_accuracy"]?.number }

    static let heads = [
      "task", "model", "epochs", "train", "paper's train", "validation", "test", "paper's test", "unit", "hours",
    ]
    private var name: String { ([model.rawValue] + changes).joined(separator: ", ") }
    private var numbers: [Double?] { [train, paper?.train, validation, test, paper?.test] }
    /// As text, under `heads`.
    var cells: [String] {
      [task.name, name, "\(epochs) of \(plannedEpochs)"] + numbers.map { $0.map { $0.text(decimals: 3) } ?? "–" }
        + [task.task.metric.name, (trainingSeconds / 3600).text(decimals: 2)]
    }
    /// The same with numbers as numbers, the test's standing out.
    var reportCells: [ReportTable.Cell] {
      cells.enumerated().map { index, text in
        let column = index - 3
        guard numbers.indices.contains(column) else { return .text(text) }
        return .number(numbers[column], decimals: 3, emphasized: column == 3)
      }
    }

    var json: JSONObject {
      var object: JSONObject = [
        "task": task.name, "model": model.rawValue, "preset": preset, "metric": task.task.metric.name,
        "parameters": record.summary?["parameters"]?.integer, "seed": record.setting("seed").flatMap { Int($0) },
        "epochs": epochs, "published_epochs": plannedEpochs, "valid": validation, "train": train, "test": test,
        "changed_settings": changes, "paper_train": paper?.train, "paper_test": paper?.test,
        "train_seconds": trainingSeconds,
        "valid_by_epoch": validations.map(\.value), "steps_by_epoch": validations.map(\.step),
        "train_seconds_by_epoch": validations.map(\.seconds),
      ]
      if let accuracy { object["test_accuracy"] = accuracy.json }
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
    # Seq-U-Net's table

    Both models of a task, trained with the published settings and seed 1111, the weights of the best validation tested once.
    `swiftdl reproduce seq-u-net` repeats it. The paper's figures: Stoller, Tian, Ewert, Dixon, "Seq-U-Net", arXiv version 1, 2019, table 1.
    Training figures are of 4096 rows at most, evenly spread. Hours are those of training steps, some of them beside other work on
    the same cores, which is to be kept in mind below too. A setting named after the model is not the
    published one; a dash stands where the paper has no figure, or the run is not finished. Of copy memory, ln 8 = 2.079 is chance: the paper has no figures for it, nor for Piano-midi.
    [Decision 10](Decisions/0010-training-as-in-the-original-code.md) tells what the papers do not say of the training.

    """ + "\n" + TextTable(heads: Row.heads, rows: rows.map(\.cells)).markdown + """

      ## After equal effort

      The validation figures where both models of a task have been: after as many steps, and after as much training time.

      """ + "\n" + TextTable(heads: EqualEffort.heads, rows: EqualEffort.all(rows).flatMap(\.cells)).markdown
  }

  /// Writes the rows as JSON, replacing the file; a row that is not among them stays as the file has it.
  public static func write(_ rows: [Row], to path: String) throws {
    let fresh = rows.map(\.json)
    func name(_ row: JSONObject) -> String { "\(row["task"]?.string ?? "")/\(row["model"]?.string ?? "")" }
    let kept = (try RunRecord.object(path)?["results"]?.array ?? []).compactMap(\.object).filter { old in
      !fresh.contains { name($0) == name(old) }
    }
    let order = PaperTask.all.map(\.name)
    let all = (kept + fresh).sorted { left, right in
      let places = [left, right].map { order.firstIndex(of: $0["task"]?.string ?? "") ?? order.count }
      return places[0] != places[1] ? places[0] < places[1] : name(left) < name(right)
    }
    let object: JSONObject = ["paper": "Seq-U-Net, arXiv version 1, 2019, table 1", "results": all]
    try AtomicFile.write(object.json.written(indentation: 2) + "\n", to: path)
  }

  /// Writes the page: the table and every task's learning curves.
  public static func writePage(_ rows: [Row], to path: String) throws(FileError) {
    var report = HTMLReport(title: "Seq-U-Net's table", subtitle: "both models of every task, beside the paper's figures")
    let table = ReportTable(
      columns: Row.heads, rows: rows.map(\.reportCells))
    report.section(
      "Results", note: "The weights of the best validation, tested once. A dash under test: the run is not finished.",
      [.table(table)])
    let charts = PaperTask.all.compactMap { task -> LineChart? in
      let mine = rows.filter { $0.task.name == task.name && !$0.validations.isEmpty }
      if mine.isEmpty { return nil }
      return LineChart(
        title: task.name, horizontal: "epoch", vertical: "validation, \(task.task.metric.name)",
        series: mine.map { row in
          ChartSeries(
            row.model.rawValue, row.validations.enumerated().map { (step: $0.offset + 1, value: $0.element.value) },
            marking: .lowest)
        })
    }
    let efforts = ReportTable(
      columns: EqualEffort.heads, rows: EqualEffort.all(rows).flatMap(\.cells).map { $0.map { .text($0) } })
    report.section(
      "Equal effort", note: "Validation where both models of a task have been: after as many steps, after as much time.",
      [.table(efforts)])
    report.section("Learning", note: "Validation after every epoch.", [.charts(charts)])
    try report.write(to: path)
  }
}
