import SwiftDL
import SwiftDLAudio

/// The sounds of one track that is being scored, each a stream of its own that is read while it is
/// measured.
struct EvaluationTrack {
  let track: Track
  /// Estimate files by name; empty for a track without estimates.
  let estimates: [String: String]

  /// The sum of the reference stems of a source.
  func reference(_ group: SourceGroup) throws(FileError) -> FrameStream {
    var recordings: [Recording] = []
    for name in group.stems {
      guard let stem = track.recordings(ofStem: name) else {
        throw FileError(
          track.folder, "the references of “\(track.name)” have no stem “\(name)”",
          hint: "they have \(track.stems.map(\.name).joined(separator: ", "))")
      }
      recordings += stem
    }
    return try sum(recordings)
  }

  /// The stems that are in no source of a pass, though in the mixture.
  func others(than pass: EvaluationPass) throws(FileError) -> [FrameStream] {
    let used = Set(pass.groups.flatMap(\.stems))
    let recordings = track.stems.filter { !used.contains($0.name) }.flatMap(\.recordings)
    return recordings.isEmpty ? [] : [try sum(recordings)]
  }

  /// The mixture file, or the sum of the stems.
  func mixture() throws(FileError) -> FrameStream {
    try sum(track.mixture.map { [$0] } ?? track.stems.flatMap(\.recordings))
  }

  /// The estimate of a source, made as long as the references; `warn` is told if it was not.
  func estimate(_ group: SourceGroup, warn: (String) -> Void) throws(FileError) -> FrameStream {
    if let path = estimates[group.name] { return try conformed(path, warn: warn) }
    var streams: [FrameStream] = []
    for name in group.stems {
      guard let path = estimates[name] else {
        throw FileError(
          track.folder, "there is no estimate of “\(group.name)” for “\(track.name)”",
          hint: "separate it too, or leave it out of the targets")
      }
      streams.append(try conformed(path, warn: warn))
    }
    return FrameStream(sumOf: streams)
  }

  private func conformed(_ path: String, warn: (String) -> Void) throws(FileError) -> FrameStream {
    let sound = try FrameStream(path)
    guard sound.sampleRate == track.sampleRate else {
      throw FileError(
        path, "is at \(sound.sampleRate) Hz, its reference at \(track.sampleRate) Hz",
        hint: "scores need estimates at the rate of the references")
    }
    guard sound.channels == track.channels else {
      throw FileError(
        path, "has \(sound.channels) channels, its reference \(track.channels)",
        hint: "scores need estimates with the channels of the references")
    }
    if sound.frames == 0 { throw FileError(path, "has no samples", hint: "separate the track again") }
    if sound.frames != track.frames {
      let change = sound.frames < track.frames ? "padded with silence" : "cut"
      warn("\(path): \(sound.frames) frames, \(change) to the \(track.frames) of its reference")
    }
    return sound.extended(toFrames: track.frames)
  }

  /// Silence where there are no recordings.
  private func sum(_ recordings: [Recording]) throws(FileError) -> FrameStream {
    var streams: [FrameStream] = []
    for recording in recordings {
      streams.append(try FrameStream(recording.path, channel: recording.channel))
    }
    return switch streams.count {
    case 0: FrameStream(silence: track.frames, channels: track.channels, sampleRate: track.sampleRate)
    case 1: streams[0]
    default: FrameStream(sumOf: streams)
    }
  }
}
