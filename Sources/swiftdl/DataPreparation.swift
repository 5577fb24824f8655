public import ArgumentParser
public import Experiments
import SwiftDL

struct DataPreparation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare", abstract: "Turn installed packages into corpora.",
    subcommands: [
      FretsOnFireCommand.self, GuitarCommand.self, VoiceCommand.self, TextCommand.self, PianoCommand.self,
      MIRTasksCommand.self, SketchesCommand.self, ScenesCommand.self,
    ])

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

  struct GuitarCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "guitar",
      abstract: "Guitar and the rest: recorded songs of Frets on Fire, and rendered ones.",
      discussion: """
        What the preset `guitar` is trained on. Uses the Debian packages fretsonfire-songs-sectoid, \
        fretsonfire-songs-muldjord, mma, fluidsynth, fluid-soundfont-gm, timgm6mb-soundfont and \
        musescore-general-soundfont-small.
        """)
    @Option(name: [.customShort("o"), .long], help: "The folder to make.")
    var output: String
    @Option(help: "Rendered songs, a minute each.")
    var renderedSongs = 20
    @OptionGroup var progressOptions: ProgressOptions

    func validate() throws {
      if renderedSongs < 0 || renderedSongs > 899 { throw ValidationError("--rendered-songs \(renderedSongs): 0 to 899.") }
    }

    func run() throws {
      var corpus = GuitarCorpus(try FretsOnFire())
      corpus.renderedSongs = renderedSongs
      let bar = ProgressMeter(total: corpus.songCount, label: "preparing", unit: "songs", style: progressOptions.style)
      var done = 0
      try FreshFolder.fill(output) {
        try corpus.write(to: output) { song in
          done += 1
          bar.update(done)
          bar.note(song)
        }
      }
      bar.finish()
      print(output)
    }
  }

  struct VoiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "voice",
      abstract: "Voices over game music: speech, speech made to sing, synthetic singing.",
      discussion: """
        What the preset `voice` is trained on: a stand-in for songs. mixture.lab beside every mixture tells when the \
        voice sounds. Uses the Debian packages fillets-ng-data-cs, \
        fillets-ng-data-nl, wesnoth-1.16-music, warzone2100-music and singularity-music.
        """)
    @Option(name: [.customShort("o"), .long], help: "The folder to make.")
    var output: String
    @Option(help: "Minutes for training.")
    var minutes = VoiceCorpus().minutes
    @Option(help: "The seed: another one is another choice of phrases, pieces and balances.")
    var seed: UInt64 = 0
    @OptionGroup var progressOptions: ProgressOptions

    func validate() throws {
      if minutes < 1 || minutes > 8999 { throw ValidationError("--minutes \(minutes): 1 to 8999 are possible.") }
    }

    func run() throws {
      var corpus = VoiceCorpus()
      corpus.minutes = minutes
      corpus.seed = seed
      let total = corpus.trackCounts.reduce(0) { $0 + $1.1 }
      let bar = ProgressMeter(total: total, label: "preparing", unit: "tracks", style: progressOptions.style)
      try FreshFolder.fill(output) { try corpus.write(to: output) { bar.update($0) } }
      bar.finish()
      print(output)
    }
  }

  struct MIRTasksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "mir-tasks",
      abstract: "Ten tasks of music information retrieval with exact labels, from rendered songs and recorded voices.",
      discussion: """
        What `swiftdl train meta` learns from: \(MIRTaskCorpus.tasks.map(\.name).joined(separator: ", ")). Uses the Debian \
        packages mma, fluidsynth, fluid-soundfont-gm, timgm6mb-soundfont, musescore-general-soundfont-small, \
        hydrogen-drumkits, fretsonfire-songs-sectoid, fretsonfire-songs-muldjord, fillets-ng-data-cs, fillets-ng-data-nl, \
        wesnoth-1.16-music, warzone2100-music and singularity-music.
        """)
    @Option(name: [.customShort("o"), .long], help: "The folder to make.")
    var output: String
    @Option(help: "Songs of each task to learn from.")
    var songs = MIRTaskCorpus().songs
    @Option(help: "The seed.")
    var seed: UInt64 = 0
    @OptionGroup var progressOptions: ProgressOptions

    func validate() throws {
      if songs < 6 || songs > 9000 { throw ValidationError("--songs \(songs): 6 to 9000 are possible.") }
    }

    func run() throws {
      var corpus = MIRTaskCorpus()
      (corpus.songs, corpus.seed) = (songs, seed)
      Interrupt.install()
      let bar = ProgressMeter(total: corpus.songCount, label: "preparing", unit: "songs", style: progressOptions.style)
      let fresh = FreshFolder(output)
      let isComplete = try FreshFolder.fill(output) {
        try corpus.write(to: output) { done in
          bar.update(done)
          return !Interrupt.requested
        }
      }
      bar.finish()
      if !isComplete {
        fresh.discard()
        throw ExitCode(130)
      }
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
      note(
        Split.allCases.map { "\($0.rawValue): \(((seconds[$0] ?? 0) / 60).text(decimals: 1)) minutes" }.joined(
          separator: ", "))
      print(output)
    }
  }
}

extension PackagedText: ExpressibleByArgument {}
