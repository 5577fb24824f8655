public import SwiftDL

/// The figures of adaptations as tables: what a musician reads, and what a program does.
public struct MetaTable: Sendable {
  public let cells: [MetaReproduction.Cell]
  private let trainings: [JSONObject]
  private let settings: MetaConfiguration

  public init(_ reproduction: MetaReproduction) throws {
    cells = try reproduction.cells()
    trainings = try reproduction.trainings()
    settings = try reproduction.configuration()
  }

  private var steps: [Int] { Set(cells.flatMap(\.steps)).sorted() }
  private var tasks: [String] { Set(cells.map(\.task)).sorted() }

  /// The mean over seeds.
  private func score(_ task: String, _ initialisation: MetaInitialisation, _ k: Int, _ step: Int) -> Double? {
    let scores = cells.filter { $0.task == task && $0.initialisation == initialisation && $0.k == k }
      .compactMap { $0.score(after: step) }.filter(\.isFinite)
    return scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count)
  }

  private func initialisations(_ task: String, _ k: Int) -> [MetaInitialisation] {
    MetaInitialisation.allCases.filter { one in cells.contains { $0.task == task && $0.k == k && $0.initialisation == one } }
  }

  /// Rows under `heads`: a task, a number of examples and an initialisation each.
  private var heads: [String] { ["task", "figure", "examples", "begun with"] + steps.map { "\($0) steps" } }
  private var rows: [[String]] {
    tasks.flatMap { task in
      Set(cells.filter { $0.task == task }.map(\.k)).sorted().flatMap { k in
        initialisations(task, k).map { one in
          let metric = cells.first { $0.task == task }?.metric ?? ""
          return [task, metric, "\(k)", one.rawValue]
            + steps.map { step in score(task, one, k, step).map { $0.text(decimals: 3) } ?? "–" }
        }
      }
    }
  }

  /// The mean place of every initialisation among all of them, 1 the best, over the tasks that have all; draws share places.
  ///
  /// - Parameter initialisations: those that are compared.
  func meanPlaces(
    _ initialisations: [MetaInitialisation]
  ) -> (tasks: [String], places: [(k: Int, step: Int, places: [Double])]) {
    let complete = tasks.filter { task in
      Set(cells.map(\.k)).allSatisfy { k in initialisations.allSatisfy { self.initialisations(task, k).contains($0) } }
    }
    var places: [(k: Int, step: Int, places: [Double])] = []
    for k in Set(cells.map(\.k)).sorted() {
      for step in steps where step > 0 {
        var sums = [Double](repeating: 0, count: initialisations.count)
        var count = 0.0
        for task in complete {
          let scores = initialisations.map { score(task, $0, k, step) ?? -.infinity }
          for (index, mine) in scores.enumerated() {
            sums[index] += 1 + Double(scores.count { $0 > mine }) + Double(scores.count { $0 == mine } - 1) / 2
          }
          count += 1
        }
        if count > 0 { places.append((k, step, sums.map { $0 / count })) }
      }
    }
    return (complete, places)
  }

  /// What is compared: the initialisations that every task has been begun with, all but the dearest, and all.
  private var comparisons: [[MetaInitialisation]] {
    let common = MetaInitialisation.allCases.filter { one in
      tasks.allSatisfy { task in Set(cells.map(\.k)).allSatisfy { initialisations(task, $0).contains(one) } }
    }
    let choices = [common, MetaInitialisation.allCases.filter { $0 != .maml }, MetaInitialisation.allCases]
    return choices.enumerated().filter { $1.count > 1 && choices.firstIndex(of: $1) == $0 }.map(\.element)
  }

  private func summary(_ initialisations: [MetaInitialisation]) -> (tasks: [String], table: TextTable) {
    let found = meanPlaces(initialisations)
    let rows = found.places.map { ["\($0.k)", "\($0.step)"] + $0.places.map { $0.text(decimals: 2) } }
    return (found.tasks, TextTable(heads: ["examples", "steps"] + initialisations.map(\.rawValue), rows: rows))
  }

  /// As text in columns.
  public var text: String {
    TextTable(heads: heads, rows: rows, names: 4).text
  }

  /// As a Markdown page.
  public var markdown: String {
    var page = """
      # An initialisation for ten tasks

      \(MetaReproduction.provenance) `swiftdl reproduce meta` repeats the table.

      Each task is left out in turn; an initialisation is learnt from the others, a fresh head put on it, and all weights are
      fine-tuned on few examples of the task, by Adam with the same rate (\(MetaAdaptation().rate)) whatever they began with.
      Figures are of the test part: other songs, played with a sound font and a drum kit, or spoken in a language over a package of
      music, that no other part has, or another recorded song. Higher is better.
      Initialisations: \(settings.updates) updates of \(settings.tasksPerUpdate) tasks,
      \(settings.support) examples to adapt on and \(settings.query) to be judged by, \(settings.inner.steps) inner steps of
      \(settings.inner.rate), Adam with \(settings.outer.rate), network `\(settings.preset)`; seed \(settings.seed).
      Seeds of heads and examples: \(seeds).
      An adaptation and its judging took \(medianSeconds) s in the median, beside other work.\(singles)

      ## Mean places

      1 is the best of those in the table.


      """
    for choice in comparisons {
      let (tasks, table) = summary(choice)
      if tasks.isEmpty { continue }
      page += "Over \(tasks.joined(separator: ", ")):\n\n" + table.markdown + "\n"
    }
    return page + "## All figures\n\n" + TextTable(heads: heads, rows: rows).markdown
  }

  /// The seeds of every task, those of most tasks first.
  private var seeds: String {
    let tasksOfSeeds = Dictionary(grouping: tasks) { task in
      Set(cells.filter { $0.task == task }.map(\.seed)).sorted().map(String.init).joined(separator: ", ")
    }
    let groups = tasksOfSeeds.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
    if groups.count == 1 { return groups[0].key }
    return groups.map { "\($0.key) for \($0.value.joined(separator: ", "))" }.joined(separator: "; ")
  }

  /// Which single tasks were the best.
  private var singles: String {
    let pairs = Set(cells.compactMap { cell in cell.single.map { "\($0) for \(cell.task)" } }).sorted()
    return pairs.isEmpty ? "" : " The best single tasks: \(pairs.joined(separator: ", "))."
  }

  private var medianSeconds: String {
    let seconds = cells.map(\.seconds).sorted()
    return seconds.isEmpty ? "–" : seconds[seconds.count / 2].text(decimals: 1)
  }

  /// Writes the figures as JSON, replacing the file.
  public func write(to path: String) throws(FileError) {
    let object: JSONObject = [
      "about": MetaReproduction.provenance, "settings": settings.travelling, "trainings": trainings,
      "results": cells.map(\.json),
    ]
    try AtomicFile.write(object.json.written(indentation: 2) + "\n", to: path)
  }

  /// Writes the page: a curve for every task, and the table.
  public func writePage(to path: String) throws(FileError) {
    var report = HTMLReport(title: "An initialisation for ten tasks", subtitle: "few examples, few steps")
    for k in Set(cells.map(\.k)).sorted() {
      let charts = tasks.map { task in
        LineChart(
          title: task, horizontal: "step", vertical: cells.first { $0.task == task }?.metric ?? "",
          horizontalScale: .logarithmic,
          series: initialisations(task, k).map { one in
            ChartSeries(
              one.rawValue,
              steps.filter { $0 > 0 }.compactMap { step in score(task, one, k, step).map { (x: Double(step), y: $0) } })
          })
      }
      report.section("\(k) examples", note: k == cells.map(\.k).min() ? MetaReproduction.provenance : "", [.charts(charts)])
    }
    let table = ReportTable(columns: heads, rows: rows.map { $0.map { .text($0) } })
    report.section("All figures", [.table(table)])
    try report.write(to: path)
  }
}

extension MetaConfiguration {
  /// The settings without places on a machine.
  fileprivate var travelling: JSONObject {
    var copy = self
    copy.tasks.path = ""
    return copy.json
  }
}
