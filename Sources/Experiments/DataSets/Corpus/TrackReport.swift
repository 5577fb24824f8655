public import SwiftDL
import SwiftDLAudio

/// What listening to every sample of a track tells (`swiftdl data check`).
public struct TrackReport: Sendable, Equatable {
  public struct Stem: Sendable, Equatable {
    public let name: String
    public let peak: Float
    /// Over all samples of all channels.
    public let rms: Double

    public var isSilent: Bool { peak == 0 }
  }

  public let track: Track
  /// The stems, and the mixture if it is a file, under the name `mixture`.
  public let stems: [Stem]
  /// Root mean square of mixture - sum of stems, relative to that of the mixture, in dB; nil
  /// without a mixture file. -infinity for an exact sum.
  public let residual: Double?

  /// Reads all files of a track side by side, in blocks.
  ///
  /// - Throws: `FileError` for damaged files and samples that are not finite, naming file and
  ///   frame.
  public init(_ track: Track) throws(FileError) {
    self.track = track
    // What is listened to: the stems, then the mixture, each the sum of its recordings.
    var readers: [[Recording.Reader]] = []
    for recordings in track.stems.map(\.recordings) + [track.mixture].compactMap({ $0.map { [$0] } }) {
      var parts: [Recording.Reader] = []
      for recording in recordings { parts.append(try recording.open()) }
      readers.append(parts)
    }
    var peaks = [Float](repeating: 0, count: readers.count)
    var energies = [Double](repeating: 0, count: readers.count)
    var difference = 0.0
    for start in stride(from: 0, to: track.frames, by: 65_536) {
      let frames = min(65_536, track.frames - start)
      let silence = [Float](repeating: 0, count: frames * track.channels)
      var sum = silence
      for (index, parts) in readers.enumerated() {
        var block = silence
        for part in parts {
          let samples = try part.read(maxFrames: frames).samples
          for sample in samples.indices { block[sample] += samples[sample] }
        }
        for sample in block {
          peaks[index] = max(peaks[index], abs(sample))
          energies[index] += Double(sample) * Double(sample)
        }
        if index < track.stems.count {
          for sample in sum.indices { sum[sample] += block[sample] }
        } else {
          for sample in sum.indices {
            let residual = Double(block[sample]) - Double(sum[sample])
            difference += residual * residual
          }
        }
      }
    }
    let count = Double(track.frames * track.channels)
    let names = track.stems.map(\.name) + ["mixture"]
    stems = readers.indices.map {
      Stem(name: names[$0], peak: peaks[$0], rms: (energies[$0] / count).squareRoot())
    }
    residual = track.mixture.map { _ in
      Decibels.ofPower(difference, over: energies[readers.count - 1])
    }
  }

  /// The track, and a line for everything worth a look.
  public var text: String {
    var lines = ["\(track.name): \(track.seconds.text(decimals: 1)) s"]
    for stem in stems {
      if stem.isSilent { lines.append("  \(stem.name) is silent") }
      if stem.peak > 1 {
        lines.append(
          "  \(stem.name) peaks at \(Double(stem.peak).text(decimals: 2)), above full scale")
      }
    }
    if let residual, residual > -60 {
      lines.append(
        "  the mixture is not the sum of the stems: \(residual.text(decimals: 1)) dB remain")
    }
    return lines.joined(separator: "\n")
  }
}

/// What listening to every sample of a single recording tells.
public struct RecordingReport: Sendable, Equatable {
  public let path: String
  public let seconds: Double
  public let peak: Float

  /// - Throws: `FileError` for damaged files and samples that are not finite.
  public init(_ recording: Recording) throws(FileError) {
    let reader = try recording.open()
    var peak: Float = 0
    while true {
      let block = try reader.read(maxFrames: 65_536)
      if block.isEmpty { break }
      peak = max(peak, block.peak)
    }
    (path, seconds, self.peak) = (recording.path, reader.info.duration, peak)
  }

  public var text: String {
    var line = "\(path): \(seconds.text(decimals: 1)) s"
    if peak == 0 { line += ", silent" }
    if peak > 1 { line += ", peaks at \(Double(peak).text(decimals: 2)), above full scale" }
    return line
  }
}
