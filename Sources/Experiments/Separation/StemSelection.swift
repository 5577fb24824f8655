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
      case source(Int)
      case sum(of: [Int])
      case mixtureMinus(Int)
    }

    let name: String
    let content: Content
  }

  private enum Choice: Sendable, Equatable {
    case all
    case only([String])
    case two(String, OtherMethod)
  }

  private let choice: Choice

  /// Every source.
  public static let all = StemSelection(choice: .all)
  /// Some sources, by name.
  public static func only(_ names: [String]) -> StemSelection { StemSelection(choice: .only(names)) }
  /// One source, and `no_NAME`.
  public static func two(_ name: String, other: OtherMethod = .minus) -> StemSelection {
    StemSelection(choice: .two(name, other))
  }

  /// The files for a network with these sources.
  ///
  /// - Throws: `ConfigurationError` for a name that is no source.
  func stems(of sources: [String]) throws(ConfigurationError) -> [Stem] {
    func index(_ name: String, _ key: String) throws(ConfigurationError) -> Int {
      if let index = sources.firstIndex(of: name) { return index }
      throw ConfigurationError(
        key, "the model has no source “\(name)”", hint: "its sources are \(sources.joined(separator: ", "))")
    }
    switch choice {
    case .all: return sources.enumerated().map { Stem(name: $1, content: .source($0)) }
    case .only(let names):
      var stems: [Stem] = []
      for name in names { stems.append(Stem(name: name, content: .source(try index(name, "--stems")))) }
      return stems
    case .two(let name, let other):
      let one = try index(name, "--two-stems")
      let content: Stem.Content? =
        switch other {
        case .none: nil
        case .add: .sum(of: sources.indices.filter { $0 != one })
        case .minus: .mixtureMinus(one)
        }
      return [Stem(name: name, content: .source(one))] + (content.map { [Stem(name: "no_\(name)", content: $0)] } ?? [])
    }
  }

  /// The sources that have to be computed for the files; the network may leave out the others.
  func needed(of sources: [String]) throws(ConfigurationError) -> [String] {
    let indices = try stems(of: sources).flatMap { stem in
      switch stem.content {
      case .source(let index), .mixtureMinus(let index): [index]
      case .sum(let indices): indices
      }
    }
    return sources.indices.filter(indices.contains).map { sources[$0] }
  }
}

extension StemSelection.Stem {
  /// The samples of the file, of a piece of the mixture and of every source.
  func samples(_ mixture: [Float], _ sources: [[Float]]) -> [Float] {
    switch content {
    case .source(let index): return sources[index]
    case .sum(let indices):
      var sum = [Float](repeating: 0, count: mixture.count)
      for index in indices { for sample in sum.indices { sum[sample] += sources[index][sample] } }
      return sum
    case .mixtureMinus(let index): return zip(mixture, sources[index]).map { $0 - $1 }
    }
  }
}
