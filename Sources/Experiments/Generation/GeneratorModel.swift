public import SwiftDL
import SwiftDLAudio
public import SwiftDLModels

/// What a network makes.
public enum GeneratedKind: Sendable, Equatable {
  case text(Vocabulary)
  /// Piano rolls.
  case music
  /// Companded audio.
  case audio(sampleRate: Int)

  /// Whether a text's symbols are words.
  static func isWords(_ vocabulary: Vocabulary) -> Bool { vocabulary.symbols.contains { $0.count > 1 } }
}

/// A network that can generate, and what its numbers mean.
public struct GeneratorModel: Sendable {
  public let name: String
  public let network: any StreamableNetwork
  public let kind: GeneratedKind

  /// A model's file, a run's folder, or a preset with fresh weights.
  public static func find(_ nameOrPath: String) throws(FileError) -> GeneratorModel {
    let network = try ModelFile.find(nameOrPath)
    guard let streamable = network as? any StreamableNetwork else {
      throw FileError(
        nameOrPath, "is a \(type(of: network).architecture), which does not say what follows",
        hint: "Seq-U-Net, TCN and WaveNet can generate")
    }
    let metadata = Folders.exists(nameOrPath) ? try SafeTensorsFile(ModelFile.weights(nameOrPath)).metadata : [:]
    return try GeneratorModel(nameOrPath, streamable, vocabulary: metadata["vocabulary"])
  }

  /// - Parameter vocabulary: a JSON array of the symbols, as a model's file carries it.
  public init(_ name: String, _ network: any StreamableNetwork, vocabulary: String? = nil) throws(FileError) {
    self.name = name
    self.network = network
    if let text = vocabulary {
      guard let vocabulary = Vocabulary(json: text), network.frame == .symbol(count: vocabulary.count),
        vocabulary.count > 1
      else {
        throw FileError(name, "carries a vocabulary that does not fit it", hint: "train the model again")
      }
      kind = .text(vocabulary)
      return
    }
    switch network.frame {
    case .symbol(let symbols):
      if let rate = network.facts.sampleRate, symbols == MuLaw.levels {
        kind = .audio(sampleRate: rate)
        return
      }
      throw FileError(
        name, "knows \(symbols) symbols but not which: it carries no vocabulary",
        hint: "train it: swiftdl train char-lm or word-lm writes one into the model")
    case .vector(PianoRoll.keys, PianoRoll.keys): kind = .music
    case .vector:
      throw FileError(name, "makes neither text, nor music of \(PianoRoll.keys) keys, nor audio")
    }
  }
}
