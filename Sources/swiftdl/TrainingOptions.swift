import ArgumentParser
import Experiments

/// What the commands that train have in common.
struct TrainingOptions: ParsableArguments {
  @Argument(help: "Settings as key=value.")
  var settings: [String] = []
  @Option(name: .shortAndLong, help: "A YAML file with settings.")
  var config: String?
  @Option(name: .customLong("run"), help: "The run's folder; runs/TASK when absent.")
  var folder: String?
  @Flag(help: "Continue the run in the folder.")
  var resume = false
  @Flag(help: "Print the resolved settings and stop.")
  var printConfig = false
  @OptionGroup var progress: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  /// The run that is asked for.
  /// - Parameter more: settings that other options stand for.
  func request(task: String, adding more: [String] = []) -> RunRequest {
    RunRequest(
      configurationFile: config, overrides: settings + more, folder: folder ?? "runs/\(task)", resumes: resume,
      programVersion: programVersion)
  }

  /// Trains; or prints the settings, when that was asked for, and gives nothing back.
  func run<Outcome>(
    settings: () throws -> String, train: (ProgressMeter.Style) throws -> Outcome
  ) throws -> Outcome? {
    if printConfig {
      print(try settings(), terminator: "")
      return nil
    }
    return try compute.run { try train(progress.style) }
  }

  /// Ends the program after Ctrl-C, telling how the run goes on.
  /// - Parameter command: what follows `swiftdl train`.
  func stopped(at moment: String, of request: RunRequest, command: String) -> ExitCode {
    note("stopped at \(moment); continue with: swiftdl train \(command) --resume --run \(request.folder)")
    return ExitCode(130)
  }
}
