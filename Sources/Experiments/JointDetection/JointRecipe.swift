import SwiftDL
import SwiftDLModels

/// Everything `swiftdl train detect-separate` does: settings, data, folder, progress, training, report.
public struct JointRecipe: Sendable {
  private let request: RunRequest

  public init(_ request: RunRequest) { self.request = request }

  /// The resolved settings, as YAML.
  public func resolvedYAML() throws -> String { try configuration().resolvedYAML }

  /// What a resumed run may change: its length and where things lie, nothing that alters a step.
  private static let mayChange = [
    "maximumSteps", "patience", "checkpointMinutes", "data.separation", "data.detection", "data.cache",
  ]

  private func configuration() throws -> JointConfiguration {
    try request.resolved(JointConfiguration(), mayChange: Self.mayChange)
  }

  /// Trains, with progress on standard error, and writes the run's report.
  ///
  /// - Parameter shouldStop: asked after every step.
  public func train(
    style: ProgressMeter.Style, shouldStop: () -> Bool = { Interrupt.requested }
  ) throws -> JointTraining.Outcome {
    let configuration = try configuration()
    if configuration.objective != .detection && configuration.data.separation.isEmpty {
      throw ConfigurationError(
        "data.separation", "is not set", hint: "data.separation=FOLDER names songs with their stems")
    }
    if configuration.objective != .separation && configuration.data.detection.isEmpty {
      throw ConfigurationError(
        "data.detection", "is not set", hint: "data.detection=FOLDER names recordings with labels beside them")
    }
    return try ComputeContext.flushingSubnormals { try train(configuration, style, shouldStop) }
  }

  private func train(
    _ configuration: JointConfiguration, _ style: ProgressMeter.Style, _ shouldStop: () -> Bool
  ) throws -> JointTraining.Outcome {
    Interrupt.install()
    return try RunFolder.training(request, configuration: configuration) { run in
      var bar = EpochBar(style: style)
      var training = try JointTraining(configuration, in: run, resuming: run.hasCheckpoint) { done, total in
        bar.update(between: "decoding", done, of: total, unit: "recordings")
      }
      bar.finish()
      // Not before the data were found: a path that leads nowhere is not remembered.
      if request.resumes { try run.save(configuration) }
      let summary = ["\(training.parameterCount) parameters"] + training.dataSummary
      bar = EpochBar(style: style, heading: summary.joined(separator: "; "))
      let outcome = try training.run(
        report: { step in
          var fields: JSONObject = [:]
          if let loss = step.separationLoss { fields["separation_loss"] = .number(loss) }
          if let loss = step.detectionLoss { fields["detection_loss"] = .number(loss) }
          fields["step_seconds"] = .number(step.seconds)
          bar.update(
            "until evaluation \(step.evaluations + 1)", step.stepOfEvaluation, of: step.stepsOfEvaluation, fields: fields)
        }, shouldStop: shouldStop)
      bar.finish()
      try JointReport(run: request.folder).write()
      return outcome
    }
  }
}
