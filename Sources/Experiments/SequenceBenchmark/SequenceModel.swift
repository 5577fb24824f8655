import SwiftDL
public import SwiftDLModels

/// A network of the comparison: its kind and its shape, without weights.
public enum SequenceModel: Sendable, Hashable {
  case seqUNet(SeqUNetConfiguration)
  case seqUNetResidual(SeqUNetResidualConfiguration)
  case tcn(TCNConfiguration)
  case waveNet(WaveNetConfiguration)

  /// The preset of a name.
  public init?(preset name: String) {
    func find<N: Network>(_: N.Type, _ make: (N.Configuration) -> SequenceModel) -> SequenceModel? {
      N.presets.first { $0.name == name }.map { make($0.configuration) }
    }
    guard
      let model = find(SeqUNet.self, Self.seqUNet) ?? find(SeqUNetResidual.self, Self.seqUNetResidual)
        ?? find(TCN.self, Self.tcn) ?? find(WaveNet.self, Self.waveNet)
    else { return nil }
    self = model
  }

  private var costs: any CostedConfiguration {
    switch self {
    case .seqUNet(let c): c
    case .seqUNetResidual(let c): c
    case .tcn(let c): c
    case .waveNet(let c): c
    }
  }

  public var parameterCount: Int { costs.parameterCount }
  /// Frames.
  public var receptiveField: Int { costs.receptiveField.frames }
  /// Multiply–adds of a forward pass over one window.
  public func multiplyAdds(_ window: WindowLengths) -> Int { costs.multiplyAdds(window) }

  /// The smallest window in which `frames` outputs, at the least, have seen all of their context.
  public func window(forOutputFrames frames: Int) -> WindowLengths {
    switch self {
    case .seqUNet(let c):
      c.padding == .valid
        ? c.window(forOutputFrames: frames)
        : WindowLengths(input: frames + c.receptiveField.before, output: frames)
    case .seqUNetResidual(let c): c.window(forOutputFrames: frames)
    case .tcn(let c): WindowLengths(input: frames + c.receptiveField.before, output: frames)
    case .waveNet(let c): c.window(forOutputFrames: frames)
    }
  }

  var frame: SequenceFrame { costs.frame }

  /// The shape in the words of the peer, `Benchmarks/peers/sequence_bench.py`.
  var peerDescription: JSONObject {
    func symbols(_ symbols: SymbolConfiguration?) -> JSONValue {
      guard let symbols else { return .null }
      return .object(["count": symbols.count, "channels": symbols.channels, "dropout": symbols.dropout])
    }
    switch self {
    case .seqUNet(let c):
      return [
        "kind": "seq-u-net", "symbols": symbols(c.symbols), "inputs": c.inputChannels, "outputs": c.outputChannels,
        "widths": c.widths, "kernel": c.kernel, "dropout": c.dropout, "padded": c.padding == .zeros,
      ]
    case .seqUNetResidual(let c):
      return [
        "kind": "seq-u-net-residual", "symbols": c.symbols, "levels": c.levels, "width": c.width, "kernel": c.kernel,
        "depth": c.depth,
      ]
    case .tcn(let c):
      return [
        "kind": "tcn", "symbols": symbols(c.symbols), "inputs": c.inputChannels, "outputs": c.outputChannels,
        "widths": c.widths, "kernel": c.kernel, "dropout": c.dropout,
      ]
    case .waveNet(let c):
      return [
        "kind": "wavenet", "symbols": c.symbols, "stacks": c.stacks, "layers": c.layers, "width": c.width,
        "skipWidth": c.skipWidth, "croppedFirst": c.skipsAreCroppedFirst,
      ]
    }
  }
}
