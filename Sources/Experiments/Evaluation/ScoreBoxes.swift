import SwiftDLAudio

/// Box plots of scores: one chart for each metric, in it each source by each method, one score for every
/// defined window of every track.
enum ScoreBoxes {
  /// - Parameter names: what methods are called, where not by their own name.
  static func chart(
    _ metric: String, of methods: [SeparationEvaluation.Method], names: [String: String] = [:]
  ) -> ScoreChart {
    let targets = targets(of: methods)
    return ScoreChart(
      title: metric == ScoreSummary.energyMetric ? "SDR by energies, by window" : "\(metric) by window",
      measure: "\(metric) in dB", names: targets,
      systems: methods.map { method in
        ScoreChart.System(
          names[method.name] ?? method.name,
          distributions: targets.map { target in
            method.tracks.flatMap(\.targets).filter { $0.name == target }.flatMap { values($0, metric) }
          })
      })
  }

  /// The sources that any method has scores of, in the order in which they come.
  static func targets(of methods: [SeparationEvaluation.Method]) -> [String] {
    var names: [String] = []
    for target in methods.flatMap(\.tracks).flatMap(\.targets) where !names.contains(target.name) {
      names.append(target.name)
    }
    return names
  }

  private static func values(_ target: TargetScores, _ metric: String) -> [Double] {
    metric == ScoreSummary.energyMetric
      ? target.energies.energyRatios : target.windows.map { $0[metric] }
  }
}
