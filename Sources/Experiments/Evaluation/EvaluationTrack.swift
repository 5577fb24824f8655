import SwiftDL
import SwiftDLAudio

/// The sounds of one track that is being scored: the reference stems in memory, all else when asked
/// for.
struct EvaluationTrack {
  let track: Track
  /// By name.
  let stems: [String: AudioBuffer]
  /// Estimate files by name; empty for a track without estimates.
  let estimates: [String: String]

  init(_ track: Track, estimates: [String: String]) throws(FileError) {
    self.track = track
    self.estimates = estimates
    var stems: [String: AudioBuffer] = [:]
    for stem in track.stems {
      var parts: [AudioBuffer] = []
      for recording in stem.recordings { parts.append(try recording.read()) }
      if parts.isEmpty {
        parts = [AudioBuffer(silence: track.frames, channels: track.channels, sampleRate: track.sampleRate)]
      }
      stems[stem.name] = Self.sum(parts)
    }
    self.stems = stems
  }

  /// The sum of the reference stems of a source.
  func reference(_ group: SourceGroup) throws(FileError) -> AudioBuffer {
    var sounds: [AudioBuffer] = []
    for name in group.stems {
      guard let sound = stems[name] else {
        throw FileError(
          track.folder, "the references of “\(track.name)” have no stem “\(name)”",
          hint: "they have \(track.stems.map(\.name).joined(separator: ", "))")
      }
      sounds.append(sound)
    }
    return Self.sum(sounds)
  }

  /// What a source of a pass is mixed with: the other sources, and the stems that are in none.
  func others(
    than group: SourceGroup, in pass: EvaluationPass
  ) throws(FileError) -> [AudioBuffer] {
    var others: [AudioBuffer] = []
    for other in pass.groups where other != group { others.append(try reference(other)) }
    let used = Set(pass.groups.flatMap(\.stems))
    return others + track.stems.filter { !used.contains($0.name) }.compactMap { stems[$0.name] }
  }

  /// The mixture file, or the sum of the stems.
  func mixture() throws(FileError) -> AudioBuffer {
    if let mixture = track.mixture { return try mixture.read() }
    return Self.sum(track.stems.compactMap { stems[$0.name] })
  }

  /// The estimate of a source, made as long as the references; `warn` is told if it was not.
  func estimate(_ group: SourceGroup, warn: (String) -> Void) throws(FileError) -> AudioBuffer {
    if let path = estimates[group.name] { return try conformed(path, warn: warn) }
    var sounds: [AudioBuffer] = []
    for name in group.stems {
      guard let path = estimates[name] else {
        throw FileError(
          track.folder, "there is no estimate of “\(group.name)” for “\(track.name)”",
          hint: "separate it too, or leave it out of the targets")
      }
      sounds.append(try conformed(path, warn: warn))
    }
    return Self.sum(sounds)
  }

  private func conformed(_ path: String, warn: (String) -> Void) throws(FileError) -> AudioBuffer {
    let sound = try AudioFile.read(path)
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
    if sound.frames == track.frames { return sound }
    if sound.frames == 0 { throw FileError(path, "has no samples", hint: "separate the track again") }
    let change = sound.frames < track.frames ? "padded with silence" : "cut"
    warn("\(path): \(sound.frames) frames, \(change) to the \(track.frames) of its reference")
    var samples = Array(sound.samples.prefix(track.frames * track.channels))
    samples += [Float](repeating: 0, count: track.frames * track.channels - samples.count)
    return AudioBuffer(samples: samples, channels: sound.channels, sampleRate: sound.sampleRate)
  }

  private static func sum(_ sounds: [AudioBuffer]) -> AudioBuffer {
    precondition(!sounds.isEmpty, "EvaluationTrack: a source without stems")
    var sum = sounds[0]
    for sound in sounds.dropFirst() {
      for index in sum.samples.indices { sum.samples[index] += sound.samples[index] }
    }
    return sum
  }
}
