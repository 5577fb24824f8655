import SwiftDL
import SwiftDLAudio

/// Sound of a corpus as it lies on disk: a file, or one of its channels.
public struct Recording: Sendable, Hashable {
  public let path: String
  /// The only channel wanted, from 0; all when absent.
  public let channel: Int?

  public init(_ path: String, channel: Int? = nil) {
    self.path = path
    self.channel = channel
  }

  /// Opens it for reading from the start.
  func open() throws(FileError) -> Reader { try Reader(self) }

  /// What the file says about itself, with the wanted channels alone; an error where the wanted one is missing.
  func info() throws(FileError) -> AudioInfo { try wanted(of: AudioFile.info(path)) }

  /// The whole sound.
  func read() throws(FileError) -> AudioBuffer { wanted(of: try AudioFile.read(path)) }

  private func wanted(of info: AudioInfo) throws(FileError) -> AudioInfo {
    guard let channel else { return info }
    guard channel < info.channels else {
      throw FileError(path, "has \(info.channels) channels, and channel \(channel + 1) is needed")
    }
    return AudioInfo(
      frames: info.frames, channels: 1, sampleRate: info.sampleRate, format: info.format, bitDepth: info.bitDepth)
  }

  private func wanted(of sound: AudioBuffer) -> AudioBuffer {
    guard let channel else { return sound }
    return AudioBuffer(samples: sound.channel(channel), channels: 1, sampleRate: sound.sampleRate)
  }

  /// The recording block by block.
  struct Reader {
    let info: AudioInfo
    private let recording: Recording
    private let reader: AudioReader

    fileprivate init(_ recording: Recording) throws(FileError) {
      self.recording = recording
      reader = try AudioReader(recording.path)
      info = try recording.wanted(of: reader.info)
    }

    /// The next frames, at most `maxFrames`; an empty buffer at the end.
    func read(maxFrames: Int) throws(FileError) -> AudioBuffer {
      recording.wanted(of: try reader.read(maxFrames: maxFrames))
    }
  }
}
