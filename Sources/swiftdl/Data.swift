public import ArgumentParser
public import Experiments
import SwiftDL

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Make and check corpora.",
    subcommands: [Synth.self, Prepare.self, Check.self, Decode.self])

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

  struct Prepare: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Turn installed packages into corpora.", subcommands: [FretsOnFireCommand.self, TextCommand.self, PianoCommand.self])
  }

  struct FretsOnFireCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fretsonfire",
      abstract: "Real guitar and accompaniment stems from the game Frets on Fire.",
      discussion: """
        Uses the Debian packages fretsonfire-songs-sectoid and fretsonfire-songs-muldjord, whichever are \
        installed, and splits them by song.
        """)
    @Option(name: [.customShort("o"), .long], help: "The folder to make.")
    var output: String
    @Option(help: "Where the songs are installed.")
    var songs = FretsOnFire.installedFolder
    @Option(help: "Frames per second of the corpus; the songs' own when absent.")
    var rate: Int?
    @OptionGroup var progressOptions: ProgressOptions

    func validate() throws {
      if let rate, rate < 8000 || rate > 192_000 { throw ValidationError("--rate \(rate): 8000 to 192000 are possible.") }
    }

    func run() throws {
      let source = try FretsOnFire(songsIn: songs)
      let bar = ProgressMeter(total: source.songs.count, label: "preparing", unit: "songs", style: progressOptions.style)
      var done = 0
      _ = try FreshFolder.fill(output) {
        try source.prepare(to: output, sampleRate: rate) { prepared, _ in
          done += 1
          bar.update(done)
          bar.note("\(prepared.song.split.rawValue): \(prepared.song.trackName)")
        }
      }
      bar.finish()
      print(output)
    }
  }

  struct TextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "text",
      abstract: "train.txt, valid.txt and test.txt from a packaged text: a stand-in for the Penn Treebank.",
      discussion: "Uses the Debian package bible-kjv or anarchism.")
    @Argument(help: "bible or anarchism.")
    var text = PackagedText.bible
    @Option(name: [.customShort("o"), .long], help: "The folder to make.")
    var output: String

    func run() throws {
      let prepared = try FreshFolder.fill(output) { try text.prepare(to: output) }
      note(Split.allCases.map { "\($0.rawValue): \(prepared.words[$0] ?? 0) words" }.joined(separator: ", "))
      print(output)
    }
  }

  struct PianoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "piano",
      abstract: "Piano audio played by fluidsynth from piano rolls or MIDI: a stand-in for recordings.",
      discussion: "Uses the Debian packages fluidsynth and timgm6mb-soundfont or another sound font.")
    @Argument(help: "A .mat file of piano rolls, or a folder of MIDI files.")
    var rolls: String
    @Option(name: [.customShort("o"), .long], help: "The folder to make.")
    var output: String
    @Option(help: "Minutes of music in all.")
    var minutes = 60.0
    @Option(help: "Frames per second.")
    var rate = 16000
    @Option(help: "A sound font; an installed one when absent.")
    var soundFont: String?
    @OptionGroup var progressOptions: ProgressOptions

    func validate() throws {
      if !(minutes > 0 && minutes <= 100_000) { throw ValidationError("--minutes \(minutes): more than 0 is needed.") }
      if rate < 8000 || rate > 96000 { throw ValidationError("--rate \(rate): 8000 to 96000 are possible.") }
    }

    func run() throws {
      var piano = RenderedPiano(try PianoRollCorpus(rolls, framesPerQuarter: 2))
      piano.minutes = minutes
      piano.sampleRate = rate
      piano.soundFont = soundFont ?? ""
      let bar = ProgressMeter(total: nil, label: "playing", unit: "pieces", style: progressOptions.style)
      let seconds = try FreshFolder.fill(output) { try piano.write(to: output) { bar.update($0) } }
      bar.finish()
      note(Split.allCases.map { "\($0.rawValue): \(((seconds[$0] ?? 0) / 60).text(decimals: 1)) minutes" }.joined(separator: ", "))
      print(output)
    }
  }

  struct Decode: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decode MUSDB18's .stem.mp4 songs into folders of WAV files, by the program ffmpeg.")
    @Argument(help: "The folder with train and test.")
    var root: String
    @Option(name: [.customShort("o"), .long], help: "The folder to fill; songs that are there stay.")
    var output: String
    @OptionGroup var progressOptions: ProgressOptions

    func run() throws {
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
    @Argument(help: "The corpus.")
    var corpus: String

    func run() throws {
      let corpus = try MultitrackCorpus(corpus)
      print(corpus.summary)
      for split in Split.allCases {
        for track in corpus[split] { print(try TrackReport(track).text) }
      }
    }
  }
}

extension PackagedText: ExpressibleByArgument {}
