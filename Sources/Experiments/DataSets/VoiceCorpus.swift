public import SwiftDL
import SwiftDLAudio

/// Voices over game music, for training separators: real speech, the same speech made to sing, and synthetic singing.
///
/// `DIR/{train,valid,test}/NNN/{vocals,accompaniment,mixture}.wav`, 32-bit float, stereo, a minute each, and `mixture.lab`,
/// which tells when the voice sounds, by the voice itself: so the same folder is a set for detection. The test has
/// speakers, a language and a package of music that training and validation do not have; validation has recordings of
/// its own. A stand-in for songs: no recorded singing is packaged.
public struct VoiceCorpus: Sendable {
  /// Minutes for training; an eighth of them each for validation and the test, at least four.
  public var minutes = 48
  public var sampleRate = 22050
  public var seed: UInt64 = 0

  public init() {}

  private static let seconds = 60
  private static let voiceFolder = "/usr/share/games/fillets-ng/sound"
  /// Folders of music for training and validation, and for the test. A piece with a choir is left out.
  private static let music = (
    ["/usr/share/games/wesnoth/1.16/data/core/music", "/usr/share/games/warzone2100/music"],
    ["/usr/share/games/singularity/music"]
  )
  private static let choirs = ["nunc_dimittis"]

  public var trackCounts: [(Split, Int)] {
    let few = max(4, minutes / 8)
    return [(.train, minutes), (.validation, few), (.test, few)]
  }

  /// Writes the corpus below an empty folder.
  ///
  /// - Parameter finished: told tracks written.
  public func write(to folder: String, finished: (Int) -> Void = { _ in }) throws(FileError) {
    var done = 0
    for (split, count) in trackCounts {
      let voices = try voices(split)
      let music = try music(split)
      for index in 0..<count {
        let hash = CounterHash(seed, text: "voices").with(UInt64(index)).with(split == .train ? 0 : split == .test ? 1 : 2)
        let track = "\(folder)/\(split.folderNames[0])/\(String(1001 + index).dropFirst())"
        try Folders.create(track)
        // Every piece once before one comes again.
        let accompaniment = try excerpt(of: music[index % music.count], hash.with(0))
        let vocals = index % 5 == 4 ? singing(hash.with(1)) : try phrases(of: voices, hash.with(1))
        let pair = StemPair(
          names: ("vocals", "accompaniment"), first: vocals, rest: accompaniment, sampleRate: sampleRate)
        let voice = try pair.write(balance: -3 + 9 * hash.with(2).unit, to: track)
        let activity = VoiceActivity(ofVoice: voice, channels: 2, sampleRate: sampleRate)
        try AtomicFile.write(activity.labText(seconds: Double(Self.seconds)), to: "\(track)/mixture.lab")
        done += 1
        finished(done)
      }
    }
  }

  // MARK: - Recordings

  /// Recordings of voices: Czech actors for training and, some scenes, for validation; Dutch ones for the test.
  private func voices(_ split: Split) throws(FileError) -> [String] {
    guard Folders.isDirectory(Self.voiceFolder) else {
      throw FileError(
        Self.voiceFolder, "is not there", hint: "apt-get install fillets-ng-data-cs fillets-ng-data-nl")
    }
    let language = split == .test ? "nl" : "cs"
    var files: [String] = []
    for scene in try Folders.names(in: Self.voiceFolder) {
      let folder = "\(Self.voiceFolder)/\(scene)/\(language)"
      guard Folders.isDirectory(folder) else { continue }
      let isHeldOut = CounterHash(0, text: scene).below(10) == 0
      if split != .test && isHeldOut != (split == .validation) { continue }
      files += try Folders.names(in: folder).filter { $0.hasSuffix(".ogg") }.map { "\(folder)/\($0)" }
    }
    guard !files.isEmpty else {
      throw FileError(Self.voiceFolder, "has no recordings", hint: "apt-get install fillets-ng-data-\(language)")
    }
    return files
  }

  private func music(_ split: Split) throws(FileError) -> [String] {
    var files: [String] = []
    for root in split == .test ? Self.music.1 : Self.music.0 where Folders.isDirectory(root) {
      for path in try SoundInput.expand([root]).map(\.shownPath)
      where !Self.choirs.contains(where: { path.contains($0) }) {
        if split != .test && (CounterHash(0, text: path).below(10) == 0) != (split == .validation) { continue }
        if try AudioReader(path).info.duration >= Double(Self.seconds) { files.append(path) }
      }
    }
    guard !files.isEmpty else {
      let packages = split == .test ? "singularity-music" : "wesnoth-1.16-music warzone2100-music"
      throw FileError((split == .test ? Self.music.1 : Self.music.0)[0], "has no music", hint: "apt-get install \(packages)")
    }
    return files.sorted { CounterHash(seed, text: $0).value < CounterHash(seed, text: $1).value }
  }

  private func sound(_ path: String, channels: Int, start: Int = 0, seconds: Int? = nil) throws(FileError) -> [Float] {
    let reader = try AudioReader(path)
    let rate = reader.info.sampleRate
    let sound = try AudioFile.read(path, start: start, frames: seconds.map { $0 * rate }).mixed(toChannels: channels)
    return StreamResampler(from: rate, to: sampleRate, channels: channels).process(sound.samples, isLast: true)
  }

  /// A minute of a piece.
  private func excerpt(of path: String, _ hash: CounterHash) throws(FileError) -> [Float] {
    let info = try AudioReader(path).info
    let spare = max(0, info.frames - Self.seconds * info.sampleRate)
    let samples = try sound(path, channels: 2, start: hash.below(spare + 1), seconds: Self.seconds)
    let count = Self.seconds * sampleRate * 2
    return samples.prefix(count) + [Float](repeating: 0, count: max(0, count - samples.count))
  }

  // MARK: - Voices

  /// A minute of phrases with pauses between them, each spoken as it was or sung.
  private func phrases(of files: [String], _ hash: CounterHash) throws(FileError) -> [Float] {
    var track = StereoTrack(frames: Self.seconds * sampleRate, rate: Double(sampleRate))
    let shift = MelodyShift(rate: sampleRate)
    let pan = 0.3 * (2 * hash.with(0).unit - 1)
    var (frame, index) = (0, 0)
    while frame < track.frames {
      let draw = hash.with(UInt64(1 + index))
      index += 1
      var phrase = try sound(files[draw.with(0).below(files.count)], channels: 1)
      let peak = phrase.reduce(0) { max($0, abs($1)) }
      // Some files are effects or silence.
      if peak < 0.02 || phrase.count < sampleRate / 3 || phrase.count > 15 * sampleRate { continue }
      phrase = phrase.map { $0 / peak }
      if draw.with(1).unit < 0.5 { phrase = shift.sung(phrase, draw.with(2)) }
      for (offset, sample) in phrase.enumerated() { track.add(Double(sample), at: frame + offset, pan: pan) }
      frame += phrase.count + Int(1.5 * draw.with(3).unit * Double(sampleRate))
    }
    track.addReflections(gain: 0.4 * hash.with(0).with(1).unit)
    return track.samples.map { Float($0) }
  }

  /// A minute of synthetic singing.
  private func singing(_ hash: CounterHash) -> [Float] {
    var track = StereoTrack(frames: Self.seconds * sampleRate, rate: Double(sampleRate))
    Voice.render(Score(hash, seconds: Double(Self.seconds)), into: &track)
    return track.samples.map { Float($0) }
  }
}
