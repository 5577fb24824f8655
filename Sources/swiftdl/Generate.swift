import ArgumentParser
import Experiments
import SwiftDL
import SwiftDLModels

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Generate text, music, audio or images with a trained model.",
    discussion: """
      The model says which: text by its vocabulary (printed, or written to -o), piano music as MIDI with a picture of \
      the piano roll beside it, audio as sound, images as one PNG picture of many; networks that find labels want a \
      scene as the prompt. A prompt may have any length. \
      What is generated depends on model, prompt, seed and precision of the weights only. Ctrl-C keeps what has been made.
      """)
  @Option(help: "A model file, a run's folder, or a preset's name (fresh weights).")
  var model: String
  @Option(help: "What to continue: text, or the path of a MIDI, audio or picture file, as the model wants.")
  var prompt: String?
  @Option(help: "Characters, words or frames of music to make, or seconds of audio. (default: 500, 100, 200, 1)")
  var length: Double?
  @Option(help: "Below 1: more predictable; above: less. 0 takes the likeliest.")
  var temperature = 1.0
  @Option(help: "Choose among so many of the likeliest only.")
  var topK: Int?
  @Option(help: "The seed of what chance decides.")
  var seed: UInt64 = 0
  @Option(help: "Pieces to make at the same time. (default: 1, images without a prompt: 64)")
  var count: Int?
  @Flag(help: "Keep weights as bfloat16: faster, a little different.")
  var bfloat16 = false
  @Option(help: "Frames of music in a quarter note.")
  var framesPerQuarter = 2
  @Option(name: [.customShort("o"), .long], help: "The file to write; text is printed when absent.")
  var output: String?
  @OptionGroup var progressOptions: ProgressOptions

  func validate() throws {
    if !(temperature >= 0 && temperature <= 100) {
      throw ValidationError("--temperature \(temperature): 0 to 100 are possible.")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k \(topK): 1 or more is possible.") }
    if let count, count < 1 || count > 256 { throw ValidationError("--count \(count): 1 to 256 are possible.") }
    if let length, !(length > 0 && length <= 10_000_000) {
      throw ValidationError("--length \(length): more than 0, and up to 10000000, is possible.")
    }
    if framesPerQuarter < 1 || framesPerQuarter > 48 {
      throw ValidationError("--frames-per-quarter \(framesPerQuarter): 1 to 48 are possible.")
    }
  }

  func run() throws {
    if let generator = try ImageGenerator.find(model) { return try writePicture(generator) }
    let generator = try GeneratorModel.find(model)
    let frames = try frames(of: generator.kind)
    if let output, let problem = generator.problem(withOutput: output) { throw problem }
    let isText = if case .text = generator.kind { true } else { false }
    guard isText || output != nil else {
      throw FileError("-o", "is missing", hint: "music and audio are written to a file")
    }
    let prompt = try GenerationPrompt(prompt, for: generator, framesPerQuarter: framesPerQuarter)
    Interrupt.install()
    // Begins with the first frame: running the prompt is no part of the pace.
    var meter: ProgressMeter?
    let options = SamplingOptions(temperature: temperature, topK: topK, seed: seed)
    let made = try Generator(generator, count: count ?? 1, weights: bfloat16 ? .bfloat16 : .float32)(
      prompt, frames: frames, options: options
    ) { done in
      let progress =
        meter
        ?? ProgressMeter(
          total: frames, label: "generate", start: done, unit: "frames", style: progressOptions.style)
      meter = progress
      progress.update(done)
      return !Interrupt.requested
    }
    meter?.finish()
    if let output {
      let files = try generator.write(made, prompt: prompt, to: output, framesPerQuarter: framesPerQuarter)
      for file in files { print(file) }
    } else if case .text(let vocabulary) = generator.kind, case .symbols(let rows) = made {
      for row in rows { print(GeneratorModel.text(row, vocabulary)) }
    }
    if Interrupt.requested {
      note("stopped after \(made.frames - prompt.given) of \(frames) frames; what was made is kept")
      throw ExitCode(130)
    }
  }

  private func writePicture(_ generator: ImageGenerator) throws {
    guard let output else { throw FileError("-o", "is missing", hint: "images are written to a .png file") }
    guard output.hasSuffix(".png") else { throw FileError(output, "is no .png file", hint: "images are written as PNG") }
    for (name, isGiven) in [
      ("--prompt", prompt != nil && !generator.needsScene), ("--length", length != nil), ("--top-k", topK != nil),
    ]
    where isGiven {
      throw FileError(name, "means nothing for images", hint: "leave it out")
    }
    try generator.picture(count: count ?? (generator.needsScene ? 1 : 64), seed: seed, scene: prompt).write(to: output)
    print(output)
  }

  private func frames(of kind: GeneratedKind) throws -> Int {
    if case .audio(let rate) = kind {
      let frames = ((length ?? 1) * Double(rate)).rounded()
      guard frames >= 1, frames <= 1e9 else { throw FileError("--length", "is \(frames) samples") }
      return Int(frames)
    }
    var usual = 200.0
    if case .text(let vocabulary) = kind { usual = vocabulary.symbols.contains("<eos>") ? 100 : 500 }
    return Int((length ?? usual).rounded(.up))
  }
}
