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
    let program = Self.shape(of: network)
    if let text = vocabulary {
      guard let vocabulary = Vocabulary(json: text), vocabulary.count == program.symbols, vocabulary.count > 1 else {
        throw FileError(name, "carries a vocabulary that does not fit it", hint: "train the model again")
      }
      kind = .text(vocabulary)
    } else if let rate = network.facts.sampleRate, program.symbols == MuLaw.levels {
      kind = .audio(sampleRate: rate)
    } else if program.symbols == nil, program.inputs == PianoRoll.keys, program.outputs == PianoRoll.keys {
      kind = .music
    } else if let symbols = program.symbols {
      throw FileError(
        name, "knows \(symbols) symbols but not which: it carries no vocabulary",
        hint: "train it: swiftdl train char-lm or word-lm writes one into the model")
    } else {
      throw FileError(name, "makes neither text, nor music of \(PianoRoll.keys) keys, nor audio")
    }
  }

  private static func shape(of network: any StreamableNetwork) -> (symbols: Int?, inputs: Int, outputs: Int) {
    switch network {
    case let network as SeqUNet:
      (network.configuration.symbols?.count, network.configuration.inputChannels, network.configuration.outputChannels)
    case let network as TCN:
      (
        network.configuration.symbols?.count, network.configuration.inputChannels,
        network.configuration.outputChannels ?? network.configuration.widths.last ?? 0
      )
    case let network as SeqUNetResidual: (network.configuration.symbols, 1, network.configuration.symbols)
    case let network as WaveNet: (network.configuration.symbols, 1, network.configuration.symbols)
    default: (nil, 0, 0)
    }
  }
}
