import SwiftDL
import SwiftDLModels

/// Everything `swiftdl train detect-separate` does: settings, data, folder, progress, training, report.
public struct JointRecipe: Sendable {
  public let configurationFile: String?
  public let overrides: [String]
  public let folder: String
  public let resumes: Bool
  public let programVersion: String

  public init(
    configurationFile: String? = nil, overrides: [String] = [], folder: String, resumes: Bool = false,
    programVersion: String
  ) {
    self.configurationFile = configurationFile
    self.overrides = overrides
    self.folder = folder
    self.resumes = resumes
    self.programVersion = programVersion
  }

  /// The resolved settings, as YAML.
  public func resolvedYAML() throws -> String { try configuration().resolvedYAML }

  /// What a resumed run may change: its length and where things lie, nothing that alters a step.
  private static let mayChange = [
    "maximumSteps", "patience", "checkpointMinutes", "data.separation", "data.detection", "data.cache",
  ]

  private func configuration() throws -> JointConfiguration {
    let told = ToldSettings(file: configurationFile, overrides: overrides, resumed: resumes ? folder : nil)
    return try told.resolved(JointConfiguration(), mayChange: Self.mayChange)
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
    let environment = RunEnvironment.computing(programVersion: programVersion)
    let fresh = FreshFolder(folder)
    let run =
      try resumes
      ? RunFolder.resume(folder, environment: environment, extending: true)
      : RunFolder.create(folder, configuration: configuration, environment: environment)
    do {
      var decoding: ProgressMeter?
      var training = try JointTraining(configuration, in: run, resuming: resumes) { done, total in
        if decoding == nil { decoding = ProgressMeter(total: total, label: "decoding", unit: "recordings", style: style) }
        decoding?.update(done)
      }
      decoding?.finish()
      // Not before the data were found: a path that leads nowhere is not remembered.
      if resumes { try run.save(configuration) }
      let outcome = try self.run(&training, style, shouldStop)
      try JointReport(run: folder).write()
      return outcome
    } catch {
      // Without a checkpoint there is nothing to resume: the name is free for the next attempt.
      if !resumes, try CheckpointStore(run.checkpoints).last() == nil { fresh.discard() }
      throw error
    }
  }

  private func run(
    _ training: inout JointTraining, _ style: ProgressMeter.Style, _ shouldStop: () -> Bool
  ) throws -> JointTraining.Outcome {
    let summary = ["\(training.parameterCount) parameters"] + training.dataSummary
    var bar: ProgressMeter?
    var evaluations = -1
    let outcome = try training.run(
      report: { step in
        if step.evaluations != evaluations {
          bar?.finish()
          let isFirst = bar == nil
          evaluations = step.evaluations
          bar = ProgressMeter(
            total: step.stepsOfEvaluation, label: "until evaluation \(step.evaluations + 1)",
            start: step.stepOfEvaluation - 1, style: style)
          if isFirst { bar?.note(summary.joined(separator: "; ")) }
        }
        var fields: JSONObject = [:]
        if let loss = step.separationLoss { fields["separation_loss"] = .number(loss) }
        if let loss = step.detectionLoss { fields["detection_loss"] = .number(loss) }
        fields["step_seconds"] = .number(step.seconds)
        bar?.update(step.stepOfEvaluation, fields: fields)
      }, shouldStop: shouldStop)
    bar?.finish()
    return outcome
  }
}
