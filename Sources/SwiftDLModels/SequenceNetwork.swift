import SwiftDL

/// What a frame of a sequence is.
public enum SequenceFrame: Sendable, Hashable {
  /// One symbol of so many; what comes out scores them all.
  case symbol(count: Int)
  case vector(inputs: Int, outputs: Int)
}

/// A causal network that says, at every frame, what follows: it is trained on windows of sequences.
///
/// The last output frame belongs to the last input frame; `facts.window` has a training window's lengths.
public protocol SequenceNetwork: Network where Configuration: CostedConfiguration {
  /// The configuration with another number of symbols; of signals it stays as it is.
  static func configuration(_ configuration: Configuration, withSymbols count: Int) -> Configuration
}

extension SequenceNetwork {
  /// What a frame is, in and out.
  public var frame: SequenceFrame { configuration.frame }
}

extension SeqUNet: SequenceNetwork {
  public static func configuration(_ configuration: SeqUNetConfiguration, withSymbols count: Int) -> SeqUNetConfiguration {
    var changed = configuration
    changed.symbols?.count = count
    return changed
  }
}

extension TCN: SequenceNetwork {
  public static func configuration(_ configuration: TCNConfiguration, withSymbols count: Int) -> TCNConfiguration {
    var changed = configuration
    changed.symbols?.count = count
    return changed
  }
}

extension SeqUNetResidual: SequenceNetwork {
  public static func configuration(
    _ configuration: SeqUNetResidualConfiguration, withSymbols count: Int
  ) -> SeqUNetResidualConfiguration {
    var changed = configuration
    changed.symbols = count
    return changed
  }
}

extension WaveNet: SequenceNetwork {
  public static func configuration(_ configuration: WaveNetConfiguration, withSymbols count: Int) -> WaveNetConfiguration {
    var changed = configuration
    changed.symbols = count
    return changed
  }
}
