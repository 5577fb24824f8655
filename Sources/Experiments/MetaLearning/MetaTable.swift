import Glibc
public import SwiftDL

/// The figures of adaptations as tables: what a musician reads, and what a program does.
public struct MetaTable: Sendable {
  public let cells: [MetaReproduction.Cell]
  private let trainings: [JSONObject]
  private let settings: MetaConfiguration

  public init(_ reproduction: MetaReproduction) throws {
    self.init(try reproduction.cells(), trainings: try reproduction.trainings(), settings: try reproduction.configuration())
  }

  package init(_ cells: [MetaReproduction.Cell], trainings: [JSONObject], settings: MetaConfiguration) {
    (self.cells, self.trainings, self.settings) = (cells, trainings, settings)
  }

  private var steps: [Int] { Set(cells.flatMap(\.steps)).sorted() }
  private var tasks: [String] { Set(cells.map(\.task)).sorted() }
  private var examples: [Int] { Set(cells.map(\.k)).sorted() }

  /// Over seeds.
  private func statistics(_ task: String, _ initialisation: MetaInitialisation, _ k: Int, _ step: Int) -> ScoreStatistics {
    ScoreStatistics(
      cells.filter { $0.task == task && $0.initialisation == initialisation && $0.k == k }.compactMap {
        $0.score(after: step)
      })
  }

  /// The mean over seeds.
  private func score(_ task: String, _ initialisation: MetaInitialisation, _ k: Int, _ step: Int) -> Double? {
    let mean = statistics(task, initialisation, k, step).mean
    return mean.isFinite ? mean : nil
  }

  private func initialisations(_ task: String, _ k: Int) -> [MetaInitialisation] {
    MetaInitialisation.allCases.filter { one in cells.contains { $0.task == task && $0.k == k && $0.initialisation == one } }
  }

  /// The mean, and the standard deviation where there are several seeds.
  private func figure(_ scores: ScoreStatistics) -> String {
    if scores.count == 0 { return "–" }
    let mean = scores.mean.text(decimals: 3)
    return scores.count == 1 ? mean : "\(mean) ± \(scores.standardDeviation.text(decimals: 3))"
  }

  /// Rows under `heads`: a task, a number of examples and an initialisation each.
  private var heads: [String] { ["task", "figure", "examples", "begun with"] + steps.map { "\($0) steps" } }
  private var rows: [[String]] {
    tasks.flatMap { task in
      Set(cells.filter { $0.task == task }.map(\.k)).sorted().flatMap { k in
        initialisations(task, k).map { one in
          let metric = cells.first { $0.task == task }?.metric ?? ""
          return [task, metric, "\(k)", one.rawValue]
            + steps.map { figure(statistics(task, one, k, $0)) }
        }
      }
    }
  }

  /// The tasks that have been begun with all of some initialisations, for every number of examples.
  private func completeTasks(_ initialisations: [MetaInitialisation]) -> [String] {
    tasks.filter { task in
      examples.allSatisfy { k in initialisations.allSatisfy { self.initialisations(task, k).contains($0) } }
    }
  }

  /// Places among `initialisations`, 1 the best; draws share places.
  private func places(_ initialisations: [MetaInitialisation], _ task: String, _ k: Int, _ step: Int) -> [Double] {
    let scores = initialisations.map { score(task, $0, k, step) ?? -.infinity }
    return scores.map { mine in 1 + Double(scores.count { $0 > mine }) + Double(scores.count { $0 == mine } - 1) / 2 }
  }

  /// The mean place of every initialisation among all of them, over the tasks that have all.
  ///
  /// - Parameter initialisations: those that are compared.
  func meanPlaces(
    _ initialisations: [MetaInitialisation]
  ) -> (tasks: [String], places: [(k: Int, step: Int, places: [Double])]) {
    let complete = completeTasks(initialisations)
    if complete.isEmpty { return ([], []) }
    let means = examples.flatMap { k in
      steps.filter { $0 > 0 }.map { step in
        let places = complete.map { self.places(initialisations, $0, k, step) }
        return (k: k, step: step, places: initialisations.indices.map { index in Self.mean(places.map { $0[index] }) })
      }
    }
    return (complete, means)
  }

  /// How many places an initialisation is ahead of random weights after so many steps, averaged over numbers of examples and
  /// then over tasks, and the chance of it by Wilcoxon's test over tasks.
  ///
  /// Places and not figures, since an F and an SI-SDR have no common scale: J. Demšar, "Statistical comparisons of classifiers
  /// over multiple data sets", JMLR 7, 2006, 3.
  func leads(_ initialisations: [MetaInitialisation], after step: Int) -> [(lead: Double, chance: Double)] {
    guard let random = initialisations.firstIndex(of: .random) else { return [] }
    let places = completeTasks(initialisations).map { task in
      let perExamples = examples.map { self.places(initialisations, task, $0, step) }
      return initialisations.indices.map { index in Self.mean(perExamples.map { $0[index] }) }
    }
    return initialisations.indices.map { index in
      let (theirs, ours) = (places.map { $0[random] }, places.map { $0[index] })
      return (Self.mean(theirs) - Self.mean(ours), SignedRankTest(theirs, ours).probability)
    }
  }

  private static func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }

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
      if choice.contains(.random), tasks.count > 1 { page += leadSection(choice, tasks) }
    }
    let note = "Means over seeds, with their standard deviation where there are several.\n\n"
    return page + "## All figures\n\n" + note + TextTable(heads: heads, rows: rows).markdown
  }

  private func leadSection(_ initialisations: [MetaInitialisation], _ tasks: [String]) -> String {
    let rows = steps.filter { $0 > 0 }.map { step in
      ["\(step)"]
        + zip(initialisations, leads(initialisations, after: step)).filter { $0.0 != .random }.map { _, found in
          "\(found.lead.text(decimals: 2)) (p = \(found.chance.text(decimals: 3)))"
        }
    }
    let heads = ["steps"] + initialisations.filter { $0 != .random }.map(\.rawValue)
    return """
      Places ahead of random weights, over all numbers of examples; p by Wilcoxon's signed-rank test over the tasks, of which
      \(tasks.count) can give no p below \(exp2(1 - Double(tasks.count)).text(decimals: 3)):

      \(TextTable(heads: heads, rows: rows).markdown)

      """
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
