import Glibc
public import SwiftDL
import SwiftDLAudio

/// Guitar and the rest, for training separators: the recorded songs of Frets on Fire, and songs that MMA composes and
/// fluidsynth plays.
///
/// `DIR/{train,valid,test}/SONG/{guitar,rest,mixture}.wav`, 32-bit float, stereo. Of every ten rendered songs one is for
/// validation and one for testing; those for testing are played with a sound font no other song has.
public struct GuitarCorpus: Sendable {
  public let recorded: FretsOnFire
  public var sampleRate = 44100
  /// Rendered songs, a minute each.
  public var renderedSongs = 20
  public var seed: UInt64 = 0

  public init(_ recorded: FretsOnFire) { self.recorded = recorded }

  /// Fonts for training and validation, and the one for testing.
  private static let soundFonts = (
    ["/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/TimGM6mb.sf2"],
    "/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"
  )
  private static let seconds = 60.0
  /// General MIDI's steel, jazz, clean, muted, overdriven and distorted guitars; the last ones more often.
  private static let guitars = [25, 26, 27, 28, 29, 30, 29, 30]

  public var songCount: Int { recorded.songs.count + renderedSongs }

  /// Writes the corpus below an empty folder.
  ///
  /// - Parameter finished: told every song that is done.
  public func write(to folder: String, finished: (String) -> Void = { _ in }) throws(FileError) {
    try recorded.prepare(to: folder, sampleRate: sampleRate) { prepared, _ in finished(prepared.song.trackName) }
    if renderedSongs == 0 { return }
    let grooves = try GrooveSongs()
    for index in 0..<renderedSongs { finished(try render(index, grooves, to: folder)) }
  }

  private func render(_ index: Int, _ grooves: GrooveSongs, to folder: String) throws(FileError) -> String {
    let split: Split = index % 10 == 8 ? .validation : index % 10 == 9 ? .test : .train
    let hash = CounterHash(seed, text: "guitar").with(UInt64(index))
    let fonts = split == .test ? [Self.soundFonts.1] : Self.soundFonts.0
    var synthesizer = try Fluidsynth(soundFont: fonts[hash.with(1).below(fonts.count)], sampleRate: sampleRate)
    synthesizer.hasEffects = false
    let score = Score(hash.with(2), seconds: Self.seconds)
    for attempt in 0..<100 {
      let draw = hash.with(3).with(UInt64(attempt))
      let groove = grooves.grooves[draw.below(grooves.grooves.count)]
      guard let midi = try grooves.play(score, groove: groove, in: folder), let parts = Self.parts(of: midi, draw.with(1))
      else { continue }
      let track = "\(folder)/\(split.folderNames[0])/rendered \(String(101 + index).dropFirst()) - \(groove)"
      try Folders.create(track)
      let guitar = try play(parts.guitar, synthesizer, in: track)
      let rest = try play(parts.rest, synthesizer, in: track)
      let pair = StemPair(names: ("guitar", "rest"), first: guitar, rest: rest, sampleRate: sampleRate)
      try pair.write(balance: -6 + 9 * draw.with(2).unit, to: track)
      return "rendered \(groove)"
    }
    throw FileError("mma", "plays none of its grooves", hint: "try `mma` by hand")
  }

  /// The guitar and everything else; where a groove has no guitar, one plays its busiest instrument that is no bass.
  private static func parts(of midi: MIDIFile, _ hash: CounterHash) -> (guitar: MIDIFile, rest: MIDIFile)? {
    func isPitched(_ note: MIDIFile.Note) -> Bool { note.channel != 9 && !(32..<40).contains(note.program) }
    var channels = Set(midi.notes.filter { isPitched($0) && (24..<32).contains($0.program) }.map(\.channel))
    if channels.isEmpty {
      let counts = Dictionary(grouping: midi.notes.filter(isPitched), by: \.channel).mapValues(\.count)
      guard let busiest = counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { return nil }
      channels = [busiest.key]
    }
    let program = guitars[hash.below(guitars.count)]
    var guitar = midi.notes.filter { channels.contains($0.channel) }
    for index in guitar.indices { guitar[index].program = program }
    let rest = midi.notes.filter { !channels.contains($0.channel) }
    if guitar.count < 40 || rest.count < 40 { return nil }
    func file(_ notes: [MIDIFile.Note]) -> MIDIFile {
      MIDIFile(ticksPerQuarter: midi.ticksPerQuarter, notes: notes, tempi: midi.tempi)
    }
    return (file(guitar), file(rest))
  }

  /// A part's sound, of the corpus' length.
  private func play(_ part: MIDIFile, _ synthesizer: Fluidsynth, in folder: String) throws(FileError) -> [Float] {
    let (midi, sound) = ("\(folder)/.part.mid", "\(folder)/.part.wav")
    defer { for path in [midi, sound] { unlink(path) } }
    try part.write(to: midi)
    try synthesizer.play(midi, to: sound)
    let count = Int(Self.seconds * Double(sampleRate)) * 2
    let samples = try AudioFile.read(sound, frames: count / 2).samples
    return samples + [Float](repeating: 0, count: count - samples.count)
  }
}
