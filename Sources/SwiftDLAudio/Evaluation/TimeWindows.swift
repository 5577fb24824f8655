import SwiftDL

/// Windows of a track, where museval puts them: those that would run past the end are left out, and a
/// track shorter than a window is one window. So is every track where the window is infinite.
struct TimeWindows {
  /// Ranges of frames.
  let ranges: [Range<Int>]

  /// - Parameters:
  ///   - seconds: length of a window, positive; lengths in frames are rounded down.
  ///   - hop: seconds from one window to the next, positive.
  init(seconds: Double, every hop: Double, frames: Int, sampleRate: Int) {
    require(
      seconds > 0 && hop > 0, "TimeWindows: window \(seconds) s, hop \(hop) s; both must be positive")
    func length(_ seconds: Double) -> Int {
      let length = (seconds * Double(sampleRate)).rounded(.down)
      return length < Double(frames) ? max(1, Int(length)) : frames
    }
    let window = length(seconds)
    let hop = length(hop)
    let count = window < frames ? (frames - window + hop) / hop : min(frames, 1)
    ranges = (0..<count).map { $0 * hop..<$0 * hop + window }
  }
}
