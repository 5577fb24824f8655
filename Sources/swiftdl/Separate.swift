import ArgumentParser
import Experiments
import SwiftDL
import SwiftDLAudio
import SwiftDLModels

struct Separate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Separate sound files into their sources.",
    discussion: """
      Any length, sample rate and channel count; results have the file's own, exactly, and are written to \
      DIR/MODEL/TRACK/STEM.wav. Memory does not depend on the length.
      """)

  @Argument(help: "Sound files: WAV, FLAC, Ogg, MP3.")
  var files: [String]
  @Option(name: .shortAndLong, help: "A trained model: a .safetensors file or a run's folder.")
  var model: String
  @Option(name: [.customShort("o"), .long], help: "The folder for results.")
  var output = "separated"
  @Option(help: "The name of the model's folder in the results; the file's name when absent.")
  var modelName: String?
  @Option(help: "The name of the track's folder in the results, for a single file.")
  var trackName: String?
  @Option(help: "wav, flac, ogg or mp3.")
  var format = "wav"
  @Option(help: "Bits per sample of wav (16, 24, 32 for float) and flac (16, 24).")
  var bits: Int?
  @Option(help: "Seconds separated at a time; memory grows with it.")
  var segment: Double = 6
  @OptionGroup var progressOptions: ProgressOptions
  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if trackName != nil && files.count > 1 { throw ValidationError("--track-name needs a single file.") }
    let tracks = Dictionary(grouping: files, by: FileSeparator.trackName)
    if let clash = tracks.values.first(where: { $0.count > 1 }) {
      throw ValidationError("\(clash.joined(separator: " and ")) would be written to the same folder.")
    }
    if !(segment > 0 && segment <= 3600) { throw ValidationError("--segment \(segment): 0 to 3600 seconds.") }
    _ = try audioFormat()
  }

  func run() throws {
    let network = try ModelFile.loadSeparator(model)
    let name = modelName ?? ModelFile.name(of: model)
    let separator = FileSeparator(
      network, name: name, format: try audioFormat(),
      tileFrames: max(1, Int(segment * Double(network.configuration.sampleRate))))
    Interrupt.install()
    var failures: [any Error] = []
    for file in files {
      do {
        let bar = ProgressMeter(
          total: try max(1, AudioFile.info(file).frames), label: file, unit: "frames", style: progressOptions.style)
        let paths = try compute.run {
          try separator.separate(file, to: output, trackName: trackName) { done, _ in
            bar.update(done)
            return !Interrupt.requested
          }
        }
        guard let paths else {
          note("stopped; nothing was written for \(file)")
          throw ExitCode(130)
        }
        bar.finish()
        for path in paths { print(path) }
      } catch let exit as ExitCode {
        throw exit
      } catch {
        if files.count == 1 { throw error }
        note("Error: \(error)")
        failures.append(error)
      }
    }
    if !failures.isEmpty {
      note("\(failures.count) of \(files.count) files could not be separated")
      throw ExitCode(1)
    }
  }

  private func audioFormat() throws -> AudioFormat {
    switch (format, bits) {
    case ("wav", nil), ("wav", 32): .wav(.float32)
    case ("wav", 16): .wav(.int16)
    case ("wav", 24): .wav(.int24)
    case ("flac", 16): .flac(.int16)
    case ("flac", nil), ("flac", 24): .flac(.int24)
    case ("ogg", nil), ("mp3", nil):
      if let format = AudioFormat(pathExtension: format) { format } else { throw ValidationError("--format \(format)") }
    default:
      throw ValidationError(
        "--format \(format)\(bits.map { " --bits \($0)" } ?? ""): wav (16, 24, 32), flac (16, 24), ogg or mp3.")
    }
  }
}
