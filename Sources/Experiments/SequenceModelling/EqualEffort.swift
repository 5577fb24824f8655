/// The models of a task where all of them have been: after as many steps, and after as much training time.
struct EqualEffort {
  let task: PaperTask
  let steps: Int
  let seconds: Double
  let figures: [(model: SequenceModelKind, afterSteps: Double, afterSeconds: Double)]

  /// Of every task with more than one model, as far as its runs have come.
  static func all(_ rows: [SequenceReproduction.Row]) -> [EqualEffort] {
    PaperTask.all.compactMap { task in EqualEffort(rows.filter { $0.task.name == task.name && !$0.validations.isEmpty }) }
  }

  private init?(_ rows: [SequenceReproduction.Row]) {
    guard rows.count > 1, let steps = rows.compactMap({ $0.validations.last?.step }).min(),
      let seconds = rows.compactMap({ $0.validations.last?.seconds }).min()
    else { return nil }
    // The last validation that lies within the bound; the first one where even that lies beyond.
    func figure(_ row: SequenceReproduction.Row, _ isWithin: (SequenceReproduction.Row.Validation) -> Bool) -> Double {
      (row.validations.last(where: isWithin) ?? row.validations[0]).value
    }
    task = rows[0].task
    self.steps = steps
    self.seconds = seconds
    figures = rows.map { row in (row.model, figure(row) { $0.step <= steps }, figure(row) { $0.seconds <= seconds }) }
  }

  static let heads = ["task", "model", "steps", "validation then", "minutes", "validation then", "unit"]
  /// One line for each model, under `heads`.
  var cells: [[String]] {
    figures.map { model, afterSteps, afterSeconds in
      [
        task.name, model.rawValue, "\(steps)", afterSteps.text(decimals: 3), (seconds / 60).text(decimals: 1),
        afterSeconds.text(decimals: 3), task.task.metric.name,
      ]
    }
  }
}
