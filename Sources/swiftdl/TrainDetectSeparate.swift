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

  @OptionGroup var options: TrainingOptions

  func run() throws {
    let request = options.request(task: "detect-separate")
    let recipe = JointRecipe(request)
    switch try options.run(settings: recipe.resolvedYAML, train: { try recipe.train(style: $0) }) {
    case .interrupted(let step)?: throw options.stopped(at: "step \(step)", of: request, command: "detect-separate")
    case .finished(let result)?:
      func tell(_ file: String, _ figure: String) { print("\(request.folder)/\(file)  \(figure)") }
      if let area = result.bestArea { tell(JointFiles.bestDetection, "AU-ROC \(area.text(decimals: 4))") }
      if let error = result.bestError { tell(JointFiles.bestSeparation, "MSE \(error.text(decimals: 5))") }
    case nil: break
    }
  }
}
