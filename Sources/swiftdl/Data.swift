import ArgumentParser
import Experiments
import Foundation
import SwiftDL

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Make and check corpora.",
    subcommands: [Synth.self, DataPreparation.self, Check.self, Decode.self])

  struct Synth: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Synthesise a multitrack corpus.",
      discussion: """
        Voice-like, drums, bass and harmony in the layout of MUSDB18-HQ. The stems add up to the mixture \
        exactly; the same seed gives the same bytes.
        """)
    @Option(name: [.customShort("o"), .long], help: "The folder to make.")
    var output: String
    @Option(help: "Minutes of music in all.")
    var minutes = 4.0
    @Option(help: "Frames per second.")
    var rate = 44100
    @Option(help: "The seed.")
    var seed: UInt64 = 0
    @OptionGroup var progressOptions: ProgressOptions

    func validate() throws {
      if !(minutes > 0 && minutes <= 100_000) { throw ValidationError("--minutes \(minutes): more than 0 is needed.") }
      if rate < 8000 || rate > 192_000 { throw ValidationError("--rate \(rate): 8000 to 192000 are possible.") }
    }

    func run() throws {
      let corpus = SyntheticCorpus(minutes: minutes, sampleRate: rate, seed: seed)
      let bar = ProgressMeter(total: corpus.trackCount, label: "synthesising", unit: "tracks", style: progressOptions.style)
      try FreshFolder.fill(output) { try corpus.write(to: output) { done, _ in bar.update(done) } }
      bar.finish()
      print(output)
    }
  }

  struct Decode: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decode MUSDB18's .stem.mp4 songs into folders of WAV files, by the program ffmpeg.")
    @Argument(help: "The folder with train and test; when absent, the one that MUSDB_PATH names.")
    var root: String?
    @Option(name: [.customShort("o"), .long], help: "The folder to fill; songs that are there stay.")
    var output: String
    @OptionGroup var progressOptions: ProgressOptions

    func run() throws {
      guard let root = root ?? ProcessInfo.processInfo.environment["MUSDB_PATH"] else {
        throw ValidationError("Name the folder that MUSDB18 was unpacked to, or set MUSDB_PATH.")
      }
      let containers = try StemContainers(root)
      Interrupt.install()
      let bar = ProgressMeter(total: containers.songs.count, label: "decoding", unit: "songs", style: progressOptions.style)
      try containers.decode(to: output) { done in
        bar.update(done)
        return !Interrupt.requested
      }
      bar.finish()
      if Interrupt.requested { throw ExitCode(130) }
      print(output)
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a corpus: lengths, rates, silence, clipping, stems that do not add up.")
    @Argument(help: "The corpus: a folder, or a list of what belongs to it, in YAML.")
    var corpus: String

    func run() throws {
      let corpus = try MultitrackCorpus(corpus)
      print(corpus.summary)
      for split in Split.allCases {
        for track in corpus[split] { print(try TrackReport(track).text) }
        for recording in corpus.material[split]?.recordings ?? [] { print(try RecordingReport(recording).text) }
      }
    }
  }
}
