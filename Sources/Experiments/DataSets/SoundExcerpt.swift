import SwiftDL
import SwiftDLAudio

/// The part of a sound that is wanted.
public struct SoundExcerpt: Sendable, Equatable {
  /// Seconds before it.
  public var start = 0.0
  /// Seconds it lasts at most; to the end when absent.
  public var duration: Double?

  public init(start: Double = 0, duration: Double? = nil) {
    self.start = start
    self.duration = duration
  }

  /// The frames of it in a file.
  ///
  /// - Parameter shownPath: the file by the name that people know.
  /// - Throws: `FileError` where the file ends before, or nothing is in it.
  func frames(of info: AudioInfo, named shownPath: String) throws(FileError) -> Range<Int> {
    guard info.frames > 0 else {
      throw FileError(shownPath, "has no samples", hint: "give a file with at least one frame")
    }
    let rate = Double(info.sampleRate)
    // Times beyond all files stay numbers that fit.
    func frame(_ seconds: Double) -> Int { Int(min(seconds * rate, 0x1p62).rounded()) }
    let first = frame(start)
    guard first < info.frames else {
      throw FileError(shownPath, "lasts \(Figures.duration(info.duration))", hint: "--start \(start) lies behind its end")
    }
    return first..<first + min(info.frames - first, duration.map { max(1, frame($0)) } ?? .max)
  }
}
