public import ArgumentParser
public import Experiments
import SwiftDL
import SwiftDLAudio
import SwiftDLModels

struct Separate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Separate sound files into their sources.",
    discussion: """
      Any length, sample rate and channel count; results have the file's own, exactly, and are written to \
      DIR/MODEL/TRACK/STEM.wav, with a manifest.json beside them. Memory does not depend on the length. Demucs' \
      spellings work.

        swiftdl separate song.mp3
        swiftdl separate album/ -m guitar-live --two-stems guitar --flac -o stems
        ffmpeg -i film.mkv -f wav - | swiftdl separate - -m runs/mine
      """)

  @Argument(help: "Sound files, folders of them, or - for standard input.")
  var files: [String] = []
  @Option(help: "A text with a name in every line, as if they were told here; - for standard input.")
  var filesFrom: String?
  @Option(
    name: [.short, .long, .customShort("n"), .customLong("name")],
    help: "A model that comes trained (`swiftdl models list`), a .safetensors file or a run's folder.")
  var model = "voice"
  @Option(help: "More models of the same sources, with commas: what all of them find is averaged.")
  var ensemble: String?
  @Option(name: [.customShort("o"), .long, .customLong("output")], help: "The folder for results.")
  var out = "separated"
  @Flag(help: "Write song.mp3_STEM.wav beside song.mp3 instead.")
  var beside = false
  @Option(help: "Where to begin: seconds, 1:02.5 or 1:00:00. The part is separated as if it were all.")
  var start: TimeSpan?
  @Option(help: "How long a part to separate, likewise; to the end when absent.")
  var duration: TimeSpan?
  @Option(help: "The name of the model's folder in the results; the file's name when absent.")
  var modelName: String?
  @Option(help: "The name of the track in the results, for a single file.")
  var trackName: String?
  @Option(help: "Names of the files below the model's folder; {track} {trackext} {stem} {ext} {model} {dir} are filled in.")
  var filename = FilenameTemplate.usual.text
  @Option(help: "What happens to results that are there: overwrite, skip or fail.")
  var exists = SeparationOutput.Existing.overwrite

  @OptionGroup(title: "Stems") var stems: StemOptions
  @OptionGroup(title: "Format") var format: FormatOptions
  @Flag(help: "Also tell when there is singing, in files activity.* beside the stems, from the same pass: -m detect-voice.")
  var activity = false

  @Option(help: "Seconds separated at a time; memory grows with it.")
  var segment: Double = 6
  @Option(
    help: """
      The share of a window that the next one repeats, of networks that normalise over it. The windows of others join \
      exactly.
      """)
  var overlap: Double = 0.25
  @Flag(help: "For Demucs' scripts: as if all were separated at once, which the pieces give here anyway.")
  var noSplit = false
  @Option(help: "Separate so often, each time a little later, and average: slower and a little better.")
  var shifts = 0
  @Flag(help: "Also separate the other polarity and the channels swapped, and average: as many times slower.")
  var tta = false
  @Option(help: "Decides the shifts.")
  var seed: UInt64 = 0
  @Option(name: [.customShort("d"), .long], help: "cpu: the only one there is.")
  var device = "cpu"
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if !(segment > 0 && segment <= 3600) { throw ValidationError("--segment \(segment): 0 to 3600 seconds.") }
    if !(overlap >= 0 && overlap <= 0.5) { throw ValidationError("--overlap \(overlap): 0 to 0.5 is possible.") }
    if shifts < 0 || shifts > 100 { throw ValidationError("--shifts \(shifts): 0 to 100 are possible.") }
    if device != "cpu" { throw ValidationError("--device \(device): this program computes on the cpu.") }
    if files.isEmpty && filesFrom == nil { throw ValidationError("Name a sound file, a folder, or - for standard input.") }
    if beside && (files.contains("-") || trackName != nil || filename != FilenameTemplate.usual.text || activity) {
      throw ValidationError(
        "--beside names files after their input: standard input, --track-name, --filename and --activity do not go with it.")
    }
    if let duration, duration.seconds == 0 { throw ValidationError("--duration 0 is nothing to separate.") }
    if (files + [filesFrom ?? ""]).filter({ $0 == "-" }).count > 1 {
      throw ValidationError("Standard input can be named once.")
    }
  }

  func run() throws {
    let inputs = try SoundInput.expand(files + (filesFrom.map { try SoundInput.names(in: $0) } ?? []))
    if trackName != nil && inputs.count > 1 { throw ValidationError("--track-name needs a single file.") }
    let template = try FilenameTemplate(filename)
    if let (first, second) = template.clash(among: inputs) {
      throw ValidationError(
        """
        \(first.shownPath) and \(second.shownPath) would be written to the same folder: separate them one by one, or \
        with {dir} or {trackext} in --filename.
        """)
    }
    let names = [model] + (ensemble ?? "").split(separator: ",").map(String.init)
    let networks = try names.map { try ModelFile.loadSeparator($0) }
    var output = SeparationOutput(modelName: modelName ?? names.map(ModelFile.name).joined(separator: "+"))
    output.folder = out
    output.stems = try stems.selection()
    output.besideInput = beside
    output.excerpt = SoundExcerpt(start: start?.seconds ?? 0, duration: duration?.seconds)
    output.filename = template
    (output.format, output.clipMode, output.sampleRate) = (try format.audioFormat(), format.clipMode, format.sampleRate)
    (output.inContainer, output.channels) = (format.isContainer, format.channels)
    output.augmented = tta
    (output.overlap, output.shifts, output.seed, output.existing) = (overlap, shifts, seed, exists)
    output.tileFrames = max(1, Int(segment * Double(networks[0].configuration.sampleRate)))
    output.programVersion = programVersion
    if activity { output.activity = ActivityOutput() }
    let separator = try FileSeparator(networks, output)
    Interrupt.install()
    try forEach(inputs, couldNotBe: "separated") { try separate($0, separator) }
  }

  private func separate(_ input: SoundInput, _ separator: FileSeparator) throws {
    var bar: ProgressMeter?
    let outcome = try compute.run {
      try separator.separate(input, trackName: trackName) { done, total in
        if bar == nil {
          bar = ProgressMeter(total: max(1, total), label: input.shownPath, unit: "frames", style: progressOptions.style)
        }
        bar?.update(done)
        return !Interrupt.requested
      }
    }
    switch outcome {
    case .written(let paths, let residual):
      bar?.finish()
      for path in paths { print(path) }
      if let residual, !progressOptions.quiet {
        note("\(input.shownPath): the sources leave \(residual.rounded()) dB of the mixture")
      }
    case .skipped: note("\(input.shownPath): everything is there already")
    case .stopped:
      note("stopped; nothing was written for \(input.shownPath)")
      throw ExitCode(130)
    }
  }
}

extension SeparationOutput.Existing: ExpressibleByArgument {}
extension StemSelection.OtherMethod: ExpressibleByArgument {}
extension ClipMode: ExpressibleByArgument {}

/// Which stems are wanted.
struct StemOptions: ParsableArguments {
  @Option(help: "Names of the only sources wanted, with commas: networks of their own are not computed for others.")
  var stems: String?
  @Option(help: "The one source wanted, beside no_NAME.")
  var twoStems: String?
  @Option(help: "How no_NAME is made: minus (the mixture minus the source), add (the other sources), or none.")
  var otherMethod = StemSelection.OtherMethod.minus
  @Option(help: "One more file, of sources added up: NAME=SOURCE+SOURCE. Can be repeated.")
  var sum: [String] = []
  @Option(help: "One more file, of this name: what the stems leave of the mixture.")
  var residual: String?

  func validate() throws {
    _ = try selection()
    if stems != nil && twoStems != nil { throw ValidationError("--stems and --two-stems exclude each other.") }
  }

  func selection() throws -> StemSelection {
    var selection = StemSelection()
    if let twoStems { selection.choice = .two(twoStems, other: otherMethod) }
    if let stems { selection.choice = .only(stems.split(separator: ",").map(String.init)) }
    selection.sums = try sum.map { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let sources = (parts.count == 2 ? parts[1] : "").split(separator: "+").map(String.init)
      if sources.isEmpty { throw ValidationError("--sum \(text): NAME=SOURCE+SOURCE is needed.") }
      return StemSelection.Sum(try fileName(parts[0], "--sum"), of: sources)
    }
    selection.residual = try residual.map { try fileName($0, "--residual") }
    return selection
  }

  private func fileName(_ name: String, _ option: String) throws -> String {
    if !name.isEmpty, !name.contains("/"), !["manifest", "activity"].contains(name) { return name }
    throw ValidationError("\(option): “\(name)” is no name for a stem.")
  }
}

/// How files are written.
struct FormatOptions: ParsableArguments {
  @Option(
    help: """
      wav, flac, ogg, opus, mp3, or raw: 32-bit floats without a header; or stem.mp4: the mixture and up to four stems in \
      one file for DJ programs, by the program ffmpeg.
      """)
  var format: String?
  @Option(help: "Bits per sample of wav (16, 24, 32 for float) and flac (16, 24).")
  var bits: Int?
  @Flag(help: "As --format flac.")
  var flac = false
  @Flag(help: "As --format mp3.")
  var mp3 = false
  @Option(help: "Kilobits per second of mp3, 64 to 320.")
  var mp3Bitrate = 256
  @Option(help: "For Demucs' scripts, 2 to 7, which changes nothing: this encoder has one quality at a rate.")
  var mp3Preset: Int?
  @Flag(help: "As --bits 24.")
  var int24 = false
  @Flag(help: "As --bits 32, which is what WAV has when nothing is said.")
  var float32 = false
  @Option(help: "Frames per second of the results; when absent, those of the input, and exactly its length.")
  var sampleRate: Int?
  @Option(help: "1 or 2 channels of the results, mixed where there are others; when absent, those of the input.")
  var channels: Int?
  @Option(
    help: """
      What happens beyond full scale: common (one gain for all stems), rescale (one for each that needs it), clamp, or \
      none. When absent, none for floating point, common for formats with a full scale.
      """)
  var clipMode: ClipMode?

  func validate() throws {
    if [flac, mp3, format != nil].filter({ $0 }).count > 1 { throw ValidationError("One format at a time.") }
    if [int24, float32, bits != nil].filter({ $0 }).count > 1 { throw ValidationError("One number of bits at a time.") }
    if !(64...320).contains(mp3Bitrate) { throw ValidationError("--mp3-bitrate \(mp3Bitrate): 64 to 320 are possible.") }
    if let mp3Preset, !(2...7).contains(mp3Preset) {
      throw ValidationError("--mp3-preset \(mp3Preset): 2 to 7 are possible.")
    }
    if let sampleRate, !(1000...768_000).contains(sampleRate) {
      throw ValidationError("--sample-rate \(sampleRate): 1000 to 768000 are possible.")
    }
    if let channels, !(1...2).contains(channels) { throw ValidationError("--channels \(channels): 1 or 2 are possible.") }
    _ = try audioFormat()
  }

  /// Whether all stems go into one file.
  var isContainer: Bool { format == "stem.mp4" }

  func audioFormat() throws -> AudioFormat {
    let name = format ?? (flac ? "flac" : mp3 ? "mp3" : "wav")
    let bits = bits ?? (int24 ? 24 : float32 ? 32 : nil)
    switch (name, bits) {
    case ("wav", nil), ("wav", 32): return .wav(.float32)
    case ("wav", 16): return .wav(.int16)
    case ("wav", 24): return .wav(.int24)
    case ("flac", 16): return .flac(.int16)
    case ("flac", nil), ("flac", 24): return .flac(.int24)
    case ("mp3", nil): return .mp3(bitrate: mp3Bitrate)
    case ("ogg", nil): return .ogg(quality: 0.6)
    case ("opus", nil): return .opus
    case ("raw", nil), ("raw", 32): return .raw
    case ("stem.mp4", nil): return .wav(.float32)
    default:
      throw ValidationError(
        """
        --format \(name)\(bits.map { " --bits \($0)" } ?? ""): wav (16, 24, 32), flac (16, 24), ogg, opus, mp3, raw (32) or \
        stem.mp4.
        """)
    }
  }
}
