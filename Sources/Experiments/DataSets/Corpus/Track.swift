/// One song of a multitrack corpus: its stems as files of equal length, rate and channel count.
public struct Track: Sendable, Equatable {
  /// One instrument (or group) of the song, in a file of its own.
  public struct Stem: Sendable, Equatable {
    public let name: String
    /// What adds up to it, usually one; nothing is silence.
    public let recordings: [Recording]
  }

  public let name: String
  public let folder: String
  /// Sorted by name.
  public let stems: [Stem]
  /// The file of the mixture; without one the mixture is the sum of the stems.
  public let mixture: Recording?
  public let frames: Int
  public let sampleRate: Int
  public let channels: Int

  public var seconds: Double { Double(frames) / Double(sampleRate) }

  /// The recordings that add up to a stem; nil for one the song does not have.
  public func recordings(ofStem name: String) -> [Recording]? {
    stems.first { $0.name == name }?.recordings
  }
}

/// A source as a model sees it: one stem, or the sum of several.
public struct SourceGroup: Sendable, Equatable {
  public let name: String
  public let stems: [String]

  public init(_ name: String, stems: [String]) {
    self.name = name
    self.stems = stems
  }

  /// A stem under its own name.
  public init(stem: String) {
    self.init(stem, stems: [stem])
  }
}
