import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

struct BadInputTests {
  let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private func failure(reading path: String) -> FileError? {
    do throws(FileError) {
      _ = try AudioFile.read(path)
      return nil
    } catch { return error }
  }

  private func bytes(of format: AudioFormat, frames: Int = 20000) throws -> Data {
    let path = folder.file("good")
    try AudioFile.write(.noise(frames: frames, channels: 2), to: path, format: format)
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private func write(_ data: Data, _ name: String = "bad.wav") throws -> String {
    let path = folder.file(name)
    try data.write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func whatIsNoSound() throws {
    let text = try write(Data("this is a text file, and a long one, about sound\n".utf8), "a.txt")
    let random = try write(
      Data((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }), "noise.wav")
    let cases: [(path: String, problem: String)] = [
      (folder.file("missing.wav"), "no such file"),
      (folder.path, "folder"),
      (try write(Data(), "empty.wav"), "empty"),
      (text, "not an audio file"),
      (random, "not an audio file"),
      ("/dev/null", "not a regular file"),
      (text + "/inside.wav", "not a directory"),
    ]
    for (path, problem) in cases {
      let error = try #require(failure(reading: path), "\(path)")
      #expect(error.path == path)
      #expect(error.problem.contains(problem), "\(error)")
      #expect(!error.description.contains("\n") && error.hint != nil)
    }
  }

  /// However short a file is cut, reading it whole is an error and never a crash or quiet loss.
  @Test(arguments: [
    AudioFormat.wav(.float32), .wav(.int16), .wav(.int24), .flac(.int16), .flac(.int24),
  ])
  func whatIsCutShort(format: AudioFormat) throws {
    let whole = try bytes(of: format)
    let lengths = [
      1, 4, 11, 12, 20, 43, 44, 60, 80, 95, 100, 500, whole.count / 2, whole.count - 1,
    ]
    for length in lengths where length < whole.count {
      let path = try write(whole.prefix(length))
      #expect(failure(reading: path) != nil, "\(format), \(length) of \(whole.count) bytes")
    }
  }

  /// Every single wrong byte in a header gives sound or an error, and never more than asked for.
  @Test(arguments: RoundTripTests.every) func whatIsDamaged(format: AudioFormat) throws {
    let whole = try bytes(of: format, frames: 2000)
    for index in 0..<min(100, whole.count) {
      for value in [UInt8](arrayLiteral: 0, 1, 0x7F, 0xFF) {
        var damaged = whole
        damaged[index] = value
        let path = try write(damaged)
        if let sound = try? AudioFile.read(path, frames: 5000, allowNonFinite: true) {
          #expect(sound.frames <= 5000)
        }
      }
    }
  }

  @Test func soundOfUnknownLengthIsReadToItsEnd() throws {
    // What a program writes that pipes sound and never learns how long it was.
    var data = try bytes(of: .wav(.int16), frames: 1000)
    let sizes = try #require(data.range(of: Data("data".utf8))).upperBound
    for unknown in [UInt8](arrayLiteral: 0xFF) {
      for offset in 0..<4 {
        data[4 + offset] = unknown
        data[sizes + offset] = unknown
      }
      let path = try write(data)
      #expect(try AudioFile.read(path).frames == 1000)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func whatIsNoNumber(value: Float) throws {
    let path = folder.file("a.wav")
    var sound = AudioBuffer.noise(frames: 70000, channels: 2)
    sound.samples[2 * 66000 + 1] = value
    #expect(throws: FileError.self) { try AudioFile.write(sound, to: path) }
    #expect(try folder.names().isEmpty)

    let writer = try AudioWriter(path, channels: 2, sampleRate: 44100, allowNonFinite: true)
    try writer.write(sound.samples)
    try writer.finish()
    let error = try #require(failure(reading: path))
    #expect(error.problem.contains("frame 66000, channel 1"), "\(error)")
    let reader = try AudioReader(path)
    #expect(try reader.read(maxFrames: 66000).frames == 66000)
    #expect(throws: FileError.self) { try reader.read(maxFrames: 1) }
    #expect(try AudioFile.read(path, allowNonFinite: true).frames == 70000)
    #expect(try AudioFile.read(path, start: 66001).frames == 3999)
  }

  @Test func integersTakeNaNAsSilence() throws {
    let path = folder.file("a.wav")
    let writer = try AudioWriter(
      path, channels: 1, sampleRate: 8000, format: .wav(.int16), allowNonFinite: true)
    try writer.write([.nan, .infinity, -.infinity])
    try writer.finish()
    #expect(try AudioFile.read(path).samples == [0, 32767 / 32768, -1])
  }

  @Test func whatAFormatCannotHold() throws {
    let cases: [(AudioFormat, channels: Int, sampleRate: Int)] = [
      (.flac(.int16), 9, 44100), (.mp3(bitrate: 128), 6, 44100), (.mp3(bitrate: 128), 2, 96000),
      (.flac(.int24), 2, 5_000_000),
    ]
    for (format, channels, sampleRate) in cases {
      let sound = AudioBuffer.noise(frames: 100, channels: channels, sampleRate: sampleRate)
      let path = folder.file("a")
      do throws(FileError) {
        try AudioFile.write(sound, to: path, format: format)
        Issue.record("\(format) took \(channels) channels at \(sampleRate) Hz")
      } catch {
        #expect(error.problem.contains("cannot hold \(channels) channels at \(sampleRate) Hz"))
        #expect(error.path == path)
      }
    }
    #expect(try folder.names().isEmpty)
  }

  @Test(arguments: RoundTripTests.every) func unfinishedFilesLeaveNothing(format: AudioFormat)
    throws
  {
    let path = folder.file("a")
    try Data("older".utf8).write(to: URL(fileURLWithPath: path))
    do {
      let writer = try AudioWriter(path, channels: 1, sampleRate: 44100, format: format)
      try writer.write([Float](repeating: 0.1, count: 100_000))
    }
    #expect(try folder.names() == ["a"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("older".utf8))
  }

  @Test func placesWhereNothingCanBeWritten() throws {
    for path in [folder.file("no/such/folder/a.wav"), folder.path, "/dev/null", "/proc/a.wav"] {
      for format in [AudioFormat.wav(.int16), .flac(.int16)] {
        #expect(throws: FileError.self) {
          try AudioFile.write(.noise(frames: 9, channels: 1), to: path, format: format)
        }
      }
    }
  }

  /// A disk that is full is tried with a limit on file sizes, in a process of its own.
  @Test func aFullDiskIsAnErrorAndLeavesNothing() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      let folder = try ScratchFolder()
      for format in RoundTripTests.every {
        do throws(FileError) {
          try AudioFile.write(
            .noise(frames: 400_000, channels: 2), to: folder.file("a"), format: format)
          print("\(format): no error")
          exit(1)
        } catch {
          guard error.path == folder.file("a"), try folder.names().isEmpty else {
            print("\(format): \(error)")
            exit(1)
          }
        }
      }
    }
  }

  /// Opening and failing to open give every file descriptor back.
  @Test func descriptorsComeBack() throws {
    let good = folder.file("good.wav")
    try AudioFile.write(.noise(frames: 10, channels: 1), to: good)
    let bad = try write(Data("not sound at all, not even close".utf8))
    for _ in 0..<3000 {
      #expect(try AudioFile.info(good).frames == 10)
      #expect(throws: FileError.self) { try AudioFile.info(bad) }
    }
  }
}
