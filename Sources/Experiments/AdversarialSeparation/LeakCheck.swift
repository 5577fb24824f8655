import SwiftDL

/// Looks for recordings that a run would learn from and be judged by.
///
/// Names tell nothing: songs called 001 lie in every part of a corpus, and a song may lie in a pool under another name. So
/// the decoded sound is compared, mono and at the model's rate: a copy is found under any name and in any format that
/// loses nothing. What was cut, mixed anew or coded with loss is another recording to it. Silence is nobody's.
struct LeakCheck {
  private let corpus: MultitrackCorpus
  private let pools: [(name: String, recordings: [Recording])]
  private let store: PCMCache
  private let sampleRate: Int

  init(
    _ corpus: MultitrackCorpus, _ pools: [(name: String, recordings: [Recording])], _ store: PCMCache, sampleRate: Int
  ) {
    (self.corpus, self.pools, self.store, self.sampleRate) = (corpus, pools, store, sampleRate)
  }

  /// - Throws: `FileError` that names both places of the first recording that lies in two parts.
  func run() throws(FileError) {
    var judged: [UInt64: (path: String, part: Split)] = [:]
    for part in [Split.validation, .test] {
      let other = corpus.material[part]?.recordings ?? []
      for recording in corpus[part].flatMap(Self.recordings) + other {
        guard let mark = try fingerprint(recording) else { continue }
        judged[mark] = (recording.path, part)
      }
    }
    if judged.isEmpty { return }
    let songs = [("paired songs", corpus.train.flatMap(Self.recordings))]
    for (name, recordings) in songs + pools.map({ ($0.name, $0.recordings) }) {
      for recording in recordings {
        guard let mark = try fingerprint(recording), let twin = judged[mark] else { continue }
        throw FileError(
          recording.path, "is in the \(name) of training, and the same as \(twin.path), which is for \(twin.part.rawValue)",
          hint: "take one of them out of \(corpus.root)")
      }
    }
  }

  private static func recordings(_ track: Track) -> [Recording] {
    track.stems.flatMap(\.recordings) + (track.mixture.map { [$0] } ?? [])
  }

  private func fingerprint(_ recording: Recording) throws(FileError) -> UInt64? {
    try store.samples(of: recording, sampleRate: sampleRate, channels: 1).fingerprint
  }
}
