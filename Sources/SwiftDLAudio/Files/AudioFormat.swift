/// How a sample is stored.
public enum SampleFormat: Sendable, Hashable, CaseIterable {
  case int16, int24, float32

  /// Bits per sample.
  public var bits: Int {
    switch self {
    case .int16: 16
    case .int24: 24
    case .float32: 32
    }
  }
}

/// How a sample is stored in formats that hold integers only.
public enum IntegerSampleFormat: Sendable, Hashable, CaseIterable {
  case int16, int24

  /// Bits per sample.
  public var bits: Int { self == .int16 ? 16 : 24 }
}

/// A format that can be written. (Many more can be read: whatever libsndfile knows.)
///
/// Integer formats round to the nearest step and clip at full scale, without dither: the same
/// samples give the same file content.
public enum AudioFormat: Sendable, Hashable {
  /// RIFF WAVE; from 4 GiB on it becomes RF64, its 64-bit form, by itself.
  case wav(SampleFormat)
  /// Lossless, at most 8 channels.
  case flac(IntegerSampleFormat)
  /// Ogg Vorbis, quality 0 to 1 (0.6 is about 192 kbit/s in stereo).
  case ogg(quality: Double)
  /// MP3 of constant bit rate, 64 to 320 kbit/s (of which MP3 takes at most 160 below 32 kHz and 64
  /// below 16 kHz); 1 or 2 channels, 8 to 48 kHz.
  case mp3(bitrate: Int)
  /// Opus in an Ogg file, at the library's own bit rate; 8, 12, 16, 24 or 48 kHz.
  case opus
  /// 32-bit floats, least significant byte first, channels in turn, and nothing else. Written only: such a file does not
  /// say what it holds.
  case raw

  /// The usual choice for a file name's ending, with or without its dot, in any case.
  public init?(pathExtension: String) {
    let name = pathExtension.hasPrefix(".") ? String(pathExtension.dropFirst()) : pathExtension
    switch name.lowercased() {
    case "wav", "wave", "rf64": self = .wav(.float32)
    case "flac": self = .flac(.int24)
    case "ogg", "oga": self = .ogg(quality: 0.6)
    case "mp3": self = .mp3(bitrate: 256)
    case "opus": self = .opus
    default: return nil
    }
  }

  /// The usual ending of such files, without a dot.
  public var pathExtension: String {
    switch self {
    case .wav: "wav"
    case .flac: "flac"
    case .ogg: "ogg"
    case .mp3: "mp3"
    case .opus: "opus"
    case .raw: "raw"
    }
  }
}

/// What a sound file says about itself.
public struct AudioInfo: Sendable, Equatable {
  public let frames: Int
  public let channels: Int
  /// Frames per second.
  public let sampleRate: Int
  /// A short name such as "WAV PCM 16 bit", "FLAC PCM 24 bit", "Ogg Vorbis" or "MP3".
  public let format: String
  /// Bits per sample of uncompressed and lossless formats.
  public let bitDepth: Int?

  public init(frames: Int, channels: Int, sampleRate: Int, format: String, bitDepth: Int? = nil) {
    self.frames = frames
    self.channels = channels
    self.sampleRate = sampleRate
    self.format = format
    self.bitDepth = bitDepth
  }

  /// Length in seconds.
  public var duration: Double { Double(frames) / Double(sampleRate) }
}
