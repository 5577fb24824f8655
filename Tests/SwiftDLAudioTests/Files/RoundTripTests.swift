import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

struct RoundTripTests {
  let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  static let lossless: [AudioFormat] = [
    .wav(.float32), .wav(.int16), .wav(.int24), .flac(.int16), .flac(.int24),
  ]
  static let every = lossless + [.ogg(quality: 0.8), .mp3(bitrate: 192)]

  /// One frame, odd sizes, many channels.
  static let shapes = [(1, 1), (1, 2), (3, 6), (4097, 1), (44100, 2), (20000, 6)]

  @Test(arguments: lossless, [8000, 44100, 96000])
  func losslessFormatsKeepTheirSteps(format: AudioFormat, sampleRate: Int) throws {
    for (frames, channels) in Self.shapes {
      let sound = AudioBuffer.noise(frames: frames, channels: channels, sampleRate: sampleRate)
      let path = folder.file("a.\(format.pathExtension)")
      try AudioFile.write(sound, to: path, format: format)
      let back = try AudioFile.read(path)
      #expect(back.channels == channels && back.sampleRate == sampleRate)
      let step: Float
      switch format {
      case .wav(.float32): step = 0
      case .wav(let sample): step = 1 / Float(1 << (sample.bits - 1))
      case .flac(let sample): step = 1 / Float(1 << (sample.bits - 1))
      default: step = .nan
      }
      #expect(largestDifference(back.samples, sound.samples) <= step / 2, "\(frames) × \(channels)")
      // What has been on the grid once stays as it is: a copy of a copy is the copy.
      try AudioFile.write(back, to: path, format: format)
      #expect(try AudioFile.read(path) == back)
    }
    #expect(try folder.names().count == 1)
  }

  @Test(arguments: [AudioFormat.ogg(quality: 0.9), .mp3(bitrate: 320)])
  func lossyFormatsKeepTimeAndTone(format: AudioFormat) throws {
    let rate = 44100
    for frames in [rate, 50001] {
      let sound = AudioBuffer.sine(440, frames: frames, channels: 2, sampleRate: rate)
      let path = folder.file("a.\(format.pathExtension)")
      try AudioFile.write(sound, to: path, format: format)
      let back = try AudioFile.read(path)
      #expect(back.frames == frames)
      #expect(back.channels == 2 && back.sampleRate == rate)
      // Sample against sample, away from the ends; one sample of delay would make it 0.022.
      let inner = 4000..<(frames - 4000)
      let error = zip(back[inner].samples, sound[inner].samples).map { $0 - $1 }
      let rms = AudioBuffer(samples: error, channels: 2, sampleRate: rate).rms
      #expect(rms < 0.01)
    }
  }

  @Test(arguments: [(0, 1), (1, 1), (1, 2), (700, 6), (8191, 2), (100_000, 1)])
  func oggKeepsItsLength(frames: Int, channels: Int) throws {
    let path = folder.file("a.ogg")
    let sound = AudioBuffer.noise(frames: frames, channels: channels, gain: 0.1)
    try AudioFile.write(sound, to: path, format: .ogg(quality: 0.5))
    #expect(try AudioFile.info(path).frames == frames)
    #expect(try AudioFile.read(path).frames == frames)
  }

  @Test(arguments: [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000])
  func mp3KeepsItsLength(sampleRate: Int) throws {
    let path = folder.file("a.mp3")
    for (frames, channels, bitrate) in [(1, 1, 64), (100, 2, 64), (30001, 2, 64), (9999, 1, 256)] {
      let sound = AudioBuffer.noise(
        frames: frames, channels: channels, sampleRate: sampleRate, gain: 0.1)
      try AudioFile.write(sound, to: path, format: .mp3(bitrate: bitrate))
      #expect(try AudioFile.info(path).sampleRate == sampleRate)
      #expect(try AudioFile.read(path).frames == frames, "\(channels) channels, \(bitrate) kbit/s")
    }
  }

  @Test(arguments: [1, 2, 6]) func noFramesAtAll(channels: Int) throws {
    let nothing = AudioBuffer(silence: 0, channels: channels, sampleRate: 96000)
    for format in [AudioFormat.wav(.float32), .wav(.int16), .wav(.int24), .ogg(quality: 0.5)] {
      let path = folder.file("a.\(format.pathExtension)")
      try AudioFile.write(nothing, to: path, format: format)
      #expect(try AudioFile.read(path) == nothing)
    }
    for format in [AudioFormat.flac(.int16), .mp3(bitrate: 128)] {
      let sound = AudioBuffer(silence: 0, channels: 1, sampleRate: 44100)
      let path = folder.file("a.\(format.pathExtension)")
      #expect(throws: FileError.self) { try AudioFile.write(sound, to: path, format: format) }
      #expect(!Folders.exists(path))
    }
  }

  @Test func integersClipInsteadOfWrapping() throws {
    let loud = AudioBuffer(samples: [1, -1, 1.5, -1.5, 1e9, -1e9], channels: 1, sampleRate: 8000)
    for format in [AudioFormat.wav(.int16), .wav(.int24), .flac(.int16), .flac(.int24)] {
      let path = folder.file("a")
      try AudioFile.write(loud, to: path, format: format)
      let samples = try AudioFile.read(path).samples
      for (index, sample) in samples.enumerated() {
        #expect(index % 2 == 0 ? sample > 0.9999 && sample < 1 : sample == -1)
      }
    }
  }

  @Test(arguments: every) func aBlockAtATimeIsTheWhole(format: AudioFormat) throws {
    let sound = AudioBuffer.noise(frames: 30011, channels: 2)
    let whole = folder.file("whole")
    let pieces = folder.file("pieces")
    try AudioFile.write(sound, to: whole, format: format)
    let writer = try AudioWriter(pieces, channels: 2, sampleRate: 44100, format: format)
    var noise = Noise(seed: 7)
    var position = 0
    while position < sound.frames {
      let next = min(position + noise.index(below: 5000), sound.frames)
      try writer.write(sound[position..<next].samples)
      position = next
    }
    #expect(writer.frames == sound.frames)
    try writer.finish()
    let read = try AudioFile.read(whole)
    #expect(try AudioFile.read(pieces) == read)

    let reader = try AudioReader(whole)
    var collected: [Float] = []
    while true {
      let block = try reader.read(maxFrames: 1 + noise.index(below: 3000))
      if block.isEmpty { break }
      collected += block.samples
      #expect(reader.position == collected.count / 2)
    }
    #expect(collected == read.samples)
    #expect(try reader.read(maxFrames: 10).isEmpty)
  }

  @Test(arguments: every) func seekingFindsTheSameSamples(format: AudioFormat) throws {
    let path = folder.file("a")
    try AudioFile.write(.noise(frames: 60000, channels: 2), to: path, format: format)
    let whole = try AudioFile.read(path)
    let reader = try AudioReader(path)
    var noise = Noise(seed: 3)
    for _ in 0..<30 {
      let start = noise.index(below: whole.frames)
      let count = 1 + noise.index(below: 4000)
      let end = min(start + count, whole.frames)
      try reader.seek(toFrame: start)
      let block = try reader.read(maxFrames: count)
      // The lossy decoders carry state across a seek: equal up to their rounding.
      let lossy = format.pathExtension == "ogg" || format.pathExtension == "mp3"
      #expect(largestDifference(block.samples, whole[start..<end].samples) <= (lossy ? 1e-4 : 0))
      let part = try AudioFile.read(path, start: start, frames: count)
      #expect(largestDifference(part.samples, whole[start..<end].samples) <= (lossy ? 1e-4 : 0))
    }
    try reader.seek(toFrame: whole.frames)
    #expect(try reader.read(maxFrames: 1).isEmpty)
    #expect(try AudioFile.read(path, start: whole.frames + 5, frames: 5).isEmpty)
  }

  @Test func namesOfFormats() throws {
    let names = [
      "WAV float 32 bit", "WAV PCM 16 bit", "WAV PCM 24 bit", "FLAC PCM 16 bit", "FLAC PCM 24 bit",
      "Ogg Vorbis", "MP3",
    ]
    for (format, name) in zip(Self.every, names) {
      let path = folder.file("a")
      try AudioFile.write(.noise(frames: 4410, channels: 2), to: path, format: format)
      let info = try AudioFile.info(path)
      #expect(info.format == name)
      #expect(info.frames == 4410 && info.channels == 2 && info.sampleRate == 44100)
      #expect(info.duration == 0.1)
    }
    #expect(AudioFormat(pathExtension: ".FLAC") == .flac(.int24))
    #expect(AudioFormat(pathExtension: "Wav") == .wav(.float32))
    #expect(AudioFormat(pathExtension: "txt") == nil)
  }

  @Test(arguments: lossless) func theSameSoundIsTheSameFile(format: AudioFormat) throws {
    let sound = AudioBuffer.noise(frames: 5000, channels: 2)
    var contents: [Data] = []
    for name in ["a", "b"] {
      try AudioFile.write(sound, to: folder.file(name), format: format)
      contents.append(try Data(contentsOf: URL(fileURLWithPath: folder.file(name))))
    }
    #expect(contents[0] == contents[1])
  }
}
