public import SwiftDL
import SwiftDLAudio

/// Real recorded stems a Debian machine can install: the songs of the game Frets on Fire, each with
/// its guitar in one file and the rest of the band in another, of the same length, recorded without
/// each other.
///
/// Preparing writes `DIR/{train,valid,test}/PACK - SONG/{guitar,rest,mixture}.wav`, 32-bit float,
/// both stems scaled by 0.45; `mixture` is their float sum, exactly. Of the eight packaged songs
/// the unscaled sum peaks at 2.04 (muldjord's `mutilated_mime`), so the scaled one at 0.92.
///
/// The split is by song, fixed by name, and the same whether one or both packs are installed: for
/// testing `sectoid/War of freedom`, for validation `sectoid/Metal madness`; every other song, also
/// unknown ones, for training. Licences: sectoid MIT (C. Viola Iborra), muldjord CC-BY-SA-3.0 (El
/// Senator).
public struct FretsOnFire: Sendable {
  /// One song as installed.
  public struct Song: Sendable, Equatable {
    public let pack: String
    public let title: String
    /// Holds `guitar.ogg` and `song.ogg`.
    public let folder: String
    public let split: Split

    /// The name of the track made from it.
    public var trackName: String { "\(pack) - \(title)" }
  }

  /// What came of a song.
  public struct Prepared: Sendable, Equatable {
    public let song: Song
    public let frames: Int
    /// The largest absolute sample of the mixture.
    public let peak: Float
  }

  /// Where Debian's packages `fretsonfire-songs-sectoid` and `fretsonfire-songs-muldjord` put their
  /// songs.
  public static let installedFolder = "/usr/share/games/fretsonfire/data/songs"
  /// The factor applied to both stems.
  public static let gain: Float = 0.45

  private static let splits: [String: Split] = [
    "sectoid/War of freedom": .test, "sectoid/Metal madness": .validation,
  ]

  public let songs: [Song]

  /// Finds the songs in `FOLDER/PACK/SONG/{guitar,song}.ogg`.
  ///
  /// - Throws: `FileError` naming the Debian package when there are none.
  public init(songsIn folder: String = installedFolder) throws(FileError) {
    var songs: [Song] = []
    for pack in Folders.isDirectory(folder) ? try Folders.names(in: folder) : [] {
      let packFolder = "\(folder)/\(pack)"
      guard Folders.isDirectory(packFolder) else { continue }
      for title in try Folders.names(in: packFolder) {
        let songFolder = "\(packFolder)/\(title)"
        guard Folders.exists("\(songFolder)/guitar.ogg"), Folders.exists("\(songFolder)/song.ogg")
        else { continue }
        let split = Self.splits["\(pack)/\(title)"] ?? .train
        songs.append(Song(pack: pack, title: title, folder: songFolder, split: split))
      }
    }
    guard !songs.isEmpty else {
      throw FileError(
        folder, "no songs of Frets on Fire found",
        hint:
          "apt-get install fretsonfire-songs-sectoid fretsonfire-songs-muldjord, or give a folder"
      )
    }
    self.songs = songs
  }

  /// Writes the corpus below a folder, in the memory of a few blocks.
  ///
  /// - Parameters:
  ///   - sampleRate: the rate to store; nil keeps that of the recordings (44,100 Hz).
  ///   - progress: told each song that is finished, and the number of songs.
  /// - Throws: `FileError` for unreadable songs, stems that differ in length, rate or channels, and
  ///   a folder that holds other tracks.
  @discardableResult
  public func prepare(
    to folder: String, sampleRate: Int? = nil,
    progress: (_ done: Prepared, _ all: Int) -> Void = { _, _ in }
  ) throws(FileError) -> [Prepared] {
    func path(_ song: Song) -> String { "\(song.split.folderNames[0])/\(song.trackName)" }
    try CorpusFolder.refuseOthers(than: Set(songs.map(path)), in: folder)
    var prepared: [Prepared] = []
    for song in songs {
      let done = try Self.write(song, to: "\(folder)/\(path(song))", sampleRate)
      prepared.append(done)
      progress(done, songs.count)
    }
    return prepared
  }

  private static func write(_ song: Song, to track: String, _ rate: Int?) throws(FileError)
    -> Prepared
  {
    let guitar = try AudioReader("\(song.folder)/guitar.ogg")
    let rest = try AudioReader("\(song.folder)/song.ogg")
    let shape = guitar.info
    guard
      shape.frames == rest.info.frames, shape.sampleRate == rest.info.sampleRate,
      shape.channels == rest.info.channels
    else {
      throw FileError(
        guitar.path,
        "\(shape.frames) frames, \(shape.sampleRate) Hz, \(shape.channels) channels, "
          + "but song.ogg has "
          + "\(rest.info.frames), \(rest.info.sampleRate) Hz, \(rest.info.channels)",
        hint: "the two files of a song must line up; install the package again")
    }
    let rate = rate ?? shape.sampleRate
    precondition(rate > 0, "FretsOnFire: the rate must be positive, got \(rate)")
    try Folders.create(track)
    func writer(_ name: String) throws(FileError) -> AudioWriter {
      try AudioWriter(
        "\(track)/\(name).wav", channels: shape.channels, sampleRate: rate, format: .wav(.float32))
    }
    let guitarFile = try writer("guitar")
    let restFile = try writer("rest")
    let mixtureFile = try writer("mixture")
    let guitarRate = StreamResampler(from: shape.sampleRate, to: rate, channels: shape.channels)
    let restRate = StreamResampler(from: shape.sampleRate, to: rate, channels: shape.channels)
    var peak: Float = 0
    var isLast = false
    while !isLast {
      let block = try guitar.read(maxFrames: 65_536)
      let other = try rest.read(maxFrames: 65_536)
      isLast = guitar.position == shape.frames
      // Both resamplers are given the same lengths, so they return the same lengths.
      let first = guitarRate.process(block.samples.map { $0 * gain }, isLast: isLast)
      let second = restRate.process(other.samples.map { $0 * gain }, isLast: isLast)
      let sum = zip(first, second).map { $0 + $1 }
      for sample in sum { peak = max(peak, abs(sample)) }
      try guitarFile.write(first)
      try restFile.write(second)
      try mixtureFile.write(sum)
    }
    try guitarFile.finish()
    try restFile.finish()
    try mixtureFile.finish()
    return Prepared(song: song, frames: mixtureFile.frames, peak: peak)
  }
}
