import SwiftDLAudio
import SwiftDLModels

/// Which files come out of a separation, and what is in them.
public struct StemSelection: Sendable, Equatable {
  /// How the other of two stems is made.
  public enum OtherMethod: String, Sendable, CaseIterable {
    /// It is not.
    case none
    /// The sum of the estimates of the other sources.
    case add
    /// The mixture minus the one stem.
    case minus
  }

  /// One file.
  struct Stem: Sendable, Equatable {
    enum Content: Sendable, Equatable {
      case sum(of: [Int])
      case mixtureMinus([Int])
    }

    let name: String
    let content: Content
  }

  public enum Choice: Sendable, Equatable {
    /// Every source.
    case all
    /// Some sources, by name.
    case only([String])
    /// One source, and `no_NAME`.
    case two(String, other: OtherMethod)
  }

  /// A file that adds sources up.
  public struct Sum: Sendable, Equatable {
    public let name: String
    public let sources: [String]

    public init(_ name: String, of sources: [String]) {
      self.name = name
      self.sources = sources
    }
  }

  public var choice = Choice.all
  public var sums: [Sum] = []
  /// The name of a file with what the chosen sources leave of the mixture; nil for none.
  public var residual: String?

  public init(_ choice: Choice = .all) { self.choice = choice }

  /// The files for a network with these sources.
  ///
  /// - Throws: `ConfigurationError` for a name that is no source, and for two files of one name.
  func stems(of sources: [String]) throws(ConfigurationError) -> [Stem] {
    func index(_ name: String, _ key: String) throws(ConfigurationError) -> Int {
      if let index = sources.firstIndex(of: name) { return index }
      throw ConfigurationError(
        key, "the model has no source “\(name)”", hint: "its sources are \(sources.joined(separator: ", "))")
    }
    var stems: [Stem] = []
    switch choice {
    case .all: stems = sources.enumerated().map { Stem(name: $1, content: .sum(of: [$0])) }
    case .only(let names):
      for name in names { stems.append(Stem(name: name, content: .sum(of: [try index(name, "--stems")]))) }
    case .two(let name, let other):
      let one = try index(name, "--two-stems")
      stems = [Stem(name: name, content: .sum(of: [one]))]
      switch other {
      case .none: break
      case .add: stems.append(Stem(name: "no_\(name)", content: .sum(of: sources.indices.filter { $0 != one })))
      case .minus: stems.append(Stem(name: "no_\(name)", content: .mixtureMinus([one])))
      }
    }
    let chosen = stems
    for sum in sums {
      var indices: [Int] = []
      for source in sum.sources { indices.append(try index(source, "--sum")) }
      stems.append(Stem(name: sum.name, content: .sum(of: indices)))
    }
    if let residual {
      let known = Set(
        chosen.flatMap { stem -> [Int] in
          if case .sum(let indices) = stem.content { indices } else { [] }
        })
      stems.append(Stem(name: residual, content: .mixtureMinus(known.sorted())))
    }
    for (place, stem) in stems.enumerated() where stems[..<place].contains(where: { $0.name == stem.name }) {
      throw ConfigurationError("stems", "two files would be called “\(stem.name)”", hint: "give one another name")
    }
    return stems
  }

  /// The sources that have to be computed for the files; the network may leave out the others.
  func needed(of sources: [String]) throws(ConfigurationError) -> [String] {
    let indices = try stems(of: sources).flatMap { stem in
      switch stem.content {
      case .sum(let indices), .mixtureMinus(let indices): indices
      }
    }
    return sources.indices.filter(indices.contains).map { sources[$0] }
  }
}

extension StemSelection.Stem {
  /// What the file tells of its content: what its track does, and the stem's name as the comment. Nothing where the track
  /// tells nothing.
  func tags(from track: AudioTags) -> AudioTags {
    var tags = track
    tags[.comment] = nil
    if !tags.isEmpty { tags[.comment] = name }
    return tags
  }

  /// The samples of the file, of a piece of the mixture and of every source.
  func samples(_ mixture: [Float], _ sources: [[Float]]) -> [Float] {
    switch content {
    case .sum(let indices):
      guard let first = indices.first else { return [Float](repeating: 0, count: mixture.count) }
      return indices.dropFirst().reduce(sources[first]) { sum, index in zip(sum, sources[index]).map { $0 + $1 } }
    case .mixtureMinus(let indices):
      return indices.reduce(mixture) { rest, index in zip(rest, sources[index]).map { $0 - $1 } }
    }
  }
}
