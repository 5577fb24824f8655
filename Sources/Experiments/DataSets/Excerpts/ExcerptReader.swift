public import SwiftDL

/// Excerpts of the tracks of a corpus at a model's rate and channels, in constant memory.
///
/// Every source a model separates is a group of stems, summed as it is read. Stems in no group form
/// one more source, the rest: it is part of the mixture and of nothing else. Where a single source
/// is all the stems there are, the rest is what it leaves of the track's mixture.
public struct ExcerptReader: Sendable {
  /// Where the mixture of an unaltered passage comes from.
  public enum MixtureRule: String, Sendable, CaseIterable {
    /// The sum of the sources, always.
    case sum
    /// The track's own mixture file where there is one; passages that were remixed, scaled or
    /// swapped are summed.
    case stored
  }

  public let tracks: [Track]
  public let groups: [SourceGroup]
  public let sampleRate: Int
  public let channels: Int
  /// The groups, and the rest if there is one.
  public let sourceCount: Int
  /// The length of each track at `sampleRate`.
  public let trackFrames: [Int]
  /// [track][source][stem]
  private let samples: [[[Part]]]
  /// [track]
  private let mixtures: [MappedSamples?]

  /// Samples that are a part of a source, added or taken away.
  private struct Part {
    let samples: MappedSamples
    var factor: Float = 1
  }

  /// Opens tracks, decoding what the cache lacks.
  ///
  /// - Parameters:
  ///   - groups: the sources to separate, in the order of the model's outputs; no stem may be in
  ///     two of them.
  ///   - progress: told the number of tracks that are ready, after each.
  /// - Throws: `FileError` for an unknown stem, a stem used twice, and unreadable files.
  public init(
    _ tracks: [Track], groups: [SourceGroup], sampleRate: Int, channels: Int, cache: PCMCache,
    mixture: MixtureRule = .sum, progress: (Int) -> Void = { _ in }
  ) throws(FileError) {
    var used: Set<String> = []
    for stem in groups.flatMap(\.stems) where !used.insert(stem).inserted {
      throw FileError(
        cache.folder, "the stem “\(stem)” is in two sources",
        hint: "name each stem once: the mixture is the sum of the sources")
    }
    var samples: [[[Part]]] = []
    var mixtures: [MappedSamples?] = []
    var hasRest = false
    for (index, track) in tracks.enumerated() {
      let rest = track.stems.map(\.name).filter { !used.contains($0) }
      var sources: [[Part]] = []
      for group in groups + [SourceGroup("rest", stems: rest)] {
        var stems: [Part] = []
        for name in group.stems {
          guard let recordings = track.recordings(ofStem: name) else {
            let known = track.stems.map(\.name).joined(separator: ", ")
            throw FileError(
              track.folder,
              "track “\(track.name)” has no stem “\(name)” for the source “\(group.name)”",
              hint: "its stems are \(known)")
          }
          for recording in recordings {
            stems.append(Part(samples: try cache.samples(of: recording, sampleRate: sampleRate, channels: channels)))
          }
        }
        sources.append(stems)
      }
      if groups.count == 1, rest.isEmpty, let recording = track.mixture {
        let whole = Part(samples: try cache.samples(of: recording, sampleRate: sampleRate, channels: channels))
        sources[1] = [whole] + sources[0].map { Part(samples: $0.samples, factor: -1) }
      }
      hasRest = hasRest || sources.last?.isEmpty == false
      samples.append(sources)
      if mixture == .stored, let recording = track.mixture {
        mixtures.append(try cache.samples(of: recording, sampleRate: sampleRate, channels: channels))
      } else {
        mixtures.append(nil)
      }
      progress(index + 1)
    }
    self.tracks = tracks
    self.groups = groups
    self.sampleRate = sampleRate
    self.channels = channels
    self.samples = samples
    self.mixtures = mixtures
    sourceCount = groups.count + (hasRest ? 1 : 0)
    trackFrames = samples.map { $0.joined().map(\.samples.frames).max() ?? 0 }
  }

  /// One excerpt.
  public func excerpt(_ plan: ExcerptPlan, _ window: ExcerptWindow) -> ExcerptBatch {
    batch([plan], window)
  }

  /// The excerpts of a batch, one after another in memory.
  ///
  /// The mixture is the sum of the targets, in their order, and the rest, to the last bit (unless
  /// stored).
  public func batch(_ plans: [ExcerptPlan], _ window: ExcerptWindow) -> ExcerptBatch {
    let inputSize = window.input * channels
    let outputSize = window.output * channels
    var mixture = [Float](repeating: 0, count: plans.count * inputSize)
    var targets = groups.map { _ in [Float](repeating: 0, count: plans.count * outputSize) }
    var source = [Float](repeating: 0, count: inputSize)
    mixture.withUnsafeMutableBufferPointer { mixture in
      source.withUnsafeMutableBufferPointer { source in
        for (item, plan) in plans.enumerated() {
          precondition(
            plan.sources.count == sourceCount,
            "ExcerptReader: a plan of \(plan.sources.count) sources, the reader has \(sourceCount)")
          let sum = UnsafeMutableBufferPointer(
            rebasing: mixture[item * inputSize..<(item + 1) * inputSize])
          for (index, part) in plan.sources.enumerated() {
            read(part, source: index, window, into: source)
            for sample in 0..<inputSize { sum[sample] += source[sample] }
            guard index < groups.count else { continue }
            targets[index].withUnsafeMutableBufferPointer { target in
              let begin = window.contextBefore * channels
              for sample in 0..<outputSize {
                target[item * outputSize + sample] = source[begin + sample]
              }
            }
          }
          if plan.isUnaltered, let first = plan.sources.first, let stored = mixtures[first.track] {
            sum.update(repeating: 0)
            stored.add(from: first.start - window.contextBefore, count: window.input, to: sum)
          }
        }
      }
    }
    return ExcerptBatch(mixture: mixture, targets: targets)
  }

  private func read(
    _ part: ExcerptPlan.Source, source: Int, _ window: ExcerptWindow,
    into samples: UnsafeMutableBufferPointer<Float>
  ) {
    samples.update(repeating: 0)
    for stem in self.samples[part.track][source] {
      stem.samples.add(
        from: part.start - window.contextBefore, count: window.input, times: stem.factor, to: samples)
    }
    part.filter?.apply(to: samples, channels: channels)
    if part.gain != 1 {
      for index in samples.indices { samples[index] *= part.gain }
    }
    if part.swapsChannels && channels == 2 {
      for frame in 0..<window.input { samples.swapAt(2 * frame, 2 * frame + 1) }
    }
  }
}

/// B excerpts in C channels: the mixture [B, input, C] and for every group its target [B, output,
/// C].
public struct ExcerptBatch: Sendable, Equatable {
  public let mixture: [Float]
  public let targets: [[Float]]
}
