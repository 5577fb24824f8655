import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

/// What files tell of their content.
struct TagTests {
  let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private static var some: AudioTags {
    var tags = AudioTags()
    tags[.title] = "Où est la flûte?"
    tags[.artist] = "Nobody & Sons"
    tags[.album] = "One"
    tags[.trackNumber] = "7"
    tags[.date] = "1999"
    tags[.comment] = "vocals"
    return tags
  }

  private func write(_ sound: AudioBuffer, to path: String, _ format: AudioFormat, _ tags: AudioTags) throws {
    let writer = try AudioWriter(
      path, channels: sound.channels, sampleRate: sound.sampleRate, format: format, tags: tags)
    try writer.write(sound.samples)
    try writer.finish()
  }

  @Test(arguments: RoundTripTests.every + [.opus])
  func everyFormatKeepsThem(format: AudioFormat) throws {
    let sound = AudioBuffer.noise(frames: 9000, channels: 2, sampleRate: 48000)
    let path = folder.file("a.\(format.pathExtension)")
    try write(sound, to: path, format, Self.some)
    let reader = try AudioReader(path)
    for field in [AudioTags.Field.title, .artist, .album, .trackNumber, .date, .comment] {
      #expect(reader.tags[field] == Self.some[field], "\(field)")
    }
    #expect(reader.info.frames == 9000)
    if RoundTripTests.lossless.contains(format) {
      try write(sound, to: folder.file("b"), format, AudioTags())
      #expect(try AudioFile.read(path) == AudioFile.read(folder.file("b")))
      #expect(try AudioReader(folder.file("b")).tags.isEmpty)
    }
  }

  @Test func aFieldIsALineOfSomeLength() {
    var tags = AudioTags()
    tags[.title] = "one\r\ntwo\u{0}three\u{7f}  \t"
    #expect(tags[.title] == "one two three")
    tags[.comment] = String(repeating: "é", count: 100_000)
    #expect(tags[.comment] == String(repeating: "é", count: 500))
    tags[.artist] = "\n"
    #expect(tags[.artist] == nil)
    tags[.title] = nil
    tags[.comment] = nil
    #expect(tags.isEmpty)
  }

  @Test func namesOfOldProgramsAreLatin() throws {
    let path = folder.file("old.wav")
    var tags = AudioTags()
    tags[.title] = "caf!"
    try write(.noise(frames: 10, channels: 1), to: path, .wav(.int16), tags)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let place = try #require(bytes.range(of: Data("caf!".utf8)))
    bytes[place.upperBound - 1] = 0xE9
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(try AudioReader(path).tags[.title] == "café")
  }

  @Test func theTrackIsAPartToOthers() throws {
    let path = folder.file("part.wav")
    try write(.noise(frames: 10, channels: 1), to: path, .wav(.int16), Self.some)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes.replaceSubrange(try #require(bytes.range(of: Data("ITRK".utf8))), with: Data("IPRT".utf8))
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(try AudioReader(path).tags[.trackNumber] == "7")
    #expect(try AudioReader(path).tags[.album] == "One")
  }

  /// Any byte of a tagged header changed, and the list's sizes lying: a file is read or refused, never more.
  @Test func damagedListsDoNoHarm() throws {
    let path = folder.file("bad.wav")
    try write(.noise(frames: 100, channels: 1), to: folder.file("good.wav"), .wav(.float32), Self.some)
    let good = try Data(contentsOf: URL(fileURLWithPath: folder.file("good.wav")))
    let list = try #require(good.range(of: Data("LIST".utf8))).lowerBound
    for place in list..<(list + 60) {
      for value: UInt8 in [0, 0x7F, 0xFF] {
        var bytes = good
        bytes[place] = value
        try bytes.write(to: URL(fileURLWithPath: path))
        let tags = readable(path)
        for field in AudioTags.Field.allCases { #expect((tags[field]?.utf8.count ?? 0) <= 1000) }
      }
    }
  }

  /// The tags of a file; none of one that is refused, which its error names.
  private func readable(_ path: String) -> AudioTags {
    let tags = Result { try AudioReader(path).tags }
    if case .failure(let error) = tags { #expect((error as? FileError)?.path == path, "\(error)") }
    return (try? tags.get()) ?? AudioTags()
  }
}
