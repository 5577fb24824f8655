import Glibc

/// What a sequence network is trained to predict (Seq-U-Net, IJCAI 2020, section 4).
public enum SequenceTask: String, Codable, Sendable, CaseIterable {
  /// The next character of a text.
  case characters = "char-lm"
  /// The next word of a text.
  case words = "word-lm"
  /// The next frame of a piano roll.
  case music
  /// The next sample of companded audio.
  case audio = "raw-audio"
  /// Symbols shown a thousand frames ago.
  case copyMemory = "copy-memory"

  /// The number that people compare models by.
  public var metric: SequenceMetric {
    switch self {
    case .characters: SequenceMetric(name: "bits per character", kind: .bits)
    case .words: SequenceMetric(name: "perplexity", kind: .perplexity)
    case .music: SequenceMetric(name: "nats per frame", kind: .nats)
    case .audio: SequenceMetric(name: "bits per sample", kind: .bits)
    case .copyMemory: SequenceMetric(name: "nats per symbol", kind: .nats)
    }
  }
}

/// A way to tell a mean negative log likelihood.
public struct SequenceMetric: Sendable {
  public enum Kind: Sendable { case nats, bits, perplexity }

  public let name: String
  let kind: Kind

  /// The metric's value for a mean loss in nats.
  public func value(nats: Double) -> Double {
    switch kind {
    case .nats: nats
    case .bits: nats / M_LN2
    case .perplexity: exp(nats)
    }
  }
}
