import ArgumentParser
import Experiments
import SwiftDL
import SwiftDLModels

struct Detect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell when somebody sings in sound files.",
    discussion: """
      Any length, sample rate and channel count. Writes DIR/SONG.lab (START END sing, as Jamendo's labels), \
      SONG.audacity.txt (a label track), SONG.csv, SONG.srt (subtitles), SONG.json and SONG.frames.csv, the probability \
      of every 12 ms.

        swiftdl detect song.mp3
        swiftdl detect album/ --formats lab,srt -o labels
        swiftdl detect talk.wav --threshold 0.7 --minimum-singing 0.5
      """)

  @Argument(help: "Sound files, folders of them, or - for standard input.")
  var files: [String]
  @Option(name: .shortAndLong, help: "detect-voice, a .safetensors file or the folder of a run of detect-separate.")
  var model = "detect-voice"
  @Option(name: [.customShort("o"), .long, .customLong("output")], help: "The folder for results.")
  var out = "detected"
  @Option(help: "What is written, with commas: lab, audacity, csv, srt, json, frames.")
  var formats: String = ActivityFormat.allCases.map(\.rawValue).joined(separator: ",")
  @Option(help: "Singing begins where its probability reaches this.")
  var threshold = VoiceActivity.Rule().threshold
  @Option(help: "And ends where it falls so far below that.")
  var hysteresis = VoiceActivity.Rule().hysteresis
  @Option(help: "Pauses shorter than this, in seconds, are sung through.")
  var minimumGap = VoiceActivity.Rule().minimumGap
  @Option(help: "Singing shorter than this, in seconds, is none.")
  var minimumSinging = VoiceActivity.Rule().minimumSinging
  @Option(help: "What happens to results that are there: overwrite, skip or fail.")
  var exists = SeparationOutput.Existing.overwrite
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if !(threshold > 0 && threshold <= 1) { throw ValidationError("--threshold \(threshold): more than 0, up to 1.") }
    if !(hysteresis >= 0 && hysteresis < threshold) {
      throw ValidationError("--hysteresis \(hysteresis): 0 or more, and less than the threshold.")
    }
    for (name, seconds) in [("gap", minimumGap), ("singing", minimumSinging)] where !(seconds >= 0 && seconds <= 3600) {
      throw ValidationError("--minimum-\(name) \(seconds): 0 to 3600 seconds.")
    }
    if files.filter({ $0 == "-" }).count > 1 { throw ValidationError("Standard input can be named once.") }
    _ = try wanted()
  }

  private func wanted() throws -> [ActivityFormat] {
    let names = formats.split(separator: ",").map(String.init)
    let found = names.compactMap(ActivityFormat.init)
    guard !names.isEmpty, found.count == names.count, Set(names).count == names.count else {
      throw ValidationError("--formats \(formats): lab, audacity, csv, srt, json and frames, each once, with commas.")
    }
    return found
  }

  func run() throws {
    let inputs = try SoundInput.expand(files)
    if let (first, second) = try FilenameTemplate(FileDetector.filename).clash(among: inputs) {
      throw ValidationError(
        "\(first.shownPath) and \(second.shownPath) would be written to the same files: take them one by one.")
    }
    var output = ActivityOutput()
    output.formats = try wanted()
    (output.rule.threshold, output.rule.hysteresis) = (threshold, hysteresis)
    (output.rule.minimumGap, output.rule.minimumSinging) = (minimumGap, minimumSinging)
    let detector = try FileDetector(
      try ModelFile.loadDetector(model), name: ModelFile.name(of: model), folder: out, output, existing: exists)
    Interrupt.install()
    try forEach(inputs, couldNotBe: "read") { try detect($0, detector) }
  }

  private func detect(_ input: SoundInput, _ detector: FileDetector) throws {
    var bar: ProgressMeter?
    let outcome = try compute.run {
      try detector.detect(input) { done, total in
        if bar == nil {
          bar = ProgressMeter(total: max(1, total), label: input.shownPath, unit: "frames", style: progressOptions.style)
        }
        bar?.update(done)
        return !Interrupt.requested
      }
    }
    switch outcome {
    case .written(let paths, let share):
      bar?.finish()
      for path in paths { print(path) }
      if !progressOptions.quiet { note("\(input.shownPath): \((100 * share).text(decimals: 0)) % sung") }
    case .skipped: note("\(input.shownPath): everything is there already")
    case .stopped:
      note("stopped; nothing was written for \(input.shownPath)")
      throw ExitCode(130)
    }
  }
}
