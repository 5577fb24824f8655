import ArgumentParser
import Experiments
import SwiftDL

struct TrainDetectSeparate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect-separate",
    abstract: "Train one network to find singing and to separate it.",
    discussion: """
      data.separation names songs with their stems, as for `train separation`; data.detection recordings with labels \
      beside them: song.wav and song.lab, .txt (Audacity) or .csv. Settings come from the defaults, then the file, then \
      key=value, later ones winning:

        swiftdl data prepare voice -o voice
        swiftdl train detect-separate data.separation=voice data.detection=voice --run runs/joint
        swiftdl train detect-separate objective=detection data.detection=jamendo --run runs/detection
        swiftdl train detect-separate --resume --run runs/joint

      --print-config shows every key. Ctrl-C saves; --resume continues to the same bits.
      """)

  @Option(name: .shortAndLong, help: "A YAML file with settings.")
  var config: String?
  @Argument(help: "Settings as key=value.")
  var settings: [String] = []
  @Option(name: .customLong("run"), help: "The run's folder.")
  var folder = "runs/detect-separate"
  @Flag(help: "Continue the run in the folder.")
  var resume = false
  @Flag(help: "Print the resolved settings and stop.")
  var printConfig = false
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  func run() throws {
    let recipe = JointRecipe(
      configurationFile: config, overrides: settings, folder: folder, resumes: resume, programVersion: programVersion)
    if printConfig {
      print(try recipe.resolvedYAML(), terminator: "")
      return
    }
    switch try compute.run({ try recipe.train(style: progressOptions.style) }) {
    case .interrupted(let step):
      note("stopped at step \(step); continue with: swiftdl train detect-separate --resume --run \(folder)")
      throw ExitCode(130)
    case .finished(let result):
      if let area = result.bestArea { print("\(folder)/\(JointFiles.bestDetection)  AU-ROC \(area.text(decimals: 4))") }
      if let error = result.bestError { print("\(folder)/\(JointFiles.bestSeparation)  MSE \(error.text(decimals: 5))") }
    }
  }
}
