public import SwiftDL

/// A causal network that can run frame by frame, which is how it generates.
public protocol StreamableNetwork: SequenceNetwork {
  /// Describes the network to a stream: from its input to the signal that comes out.
  func describe(to builder: StreamBuilder) -> StreamSignal
  /// Frames of no input that stand before a prompt of `frames` frames, so that its last frame is in phase with every
  /// rate, as it is in the parallel pass.
  func framesBefore(prompt frames: Int) -> Int
}

extension StreamableNetwork {
  public func framesBefore(prompt frames: Int) -> Int { 0 }

  /// The network as a program of layers, its weights packed.
  public func streamProgram(weights: StreamWeights = .float32) -> StreamProgram {
    let builder = StreamBuilder(weights: weights)
    return builder.finished(describe(to: builder))
  }

  /// The network as the bytes of a program that C reads: see `StreamBuilder.bytes`.
  public func streamBytes(note: String) -> [UInt8] {
    let builder = StreamBuilder()
    return builder.bytes(of: describe(to: builder), note: note)
  }

  /// Runs a prompt from the beginning: the stream is then where the parallel pass is after its last frame.
  ///
  /// Step t of what follows equals the parallel pass over prompt and steps, at every phase of the network's rates.
  ///
  /// - Parameter prompt: `[batch, frames, channels]` or symbol numbers `[batch, frames, 1]`; at least one frame.
  /// - Returns: what follows the last frame, `[batch, outputChannels]`.
  public func prime(_ stream: NetworkStream, with prompt: Tensor) -> Tensor {
    let frames = prompt.shape[1]
    require(frames > 0, "prime: a prompt without frames")
    let cycle = stream.program.facts.cycle
    let before = framesBefore(prompt: frames)
    stream.reset(phase: (cycle - (before + frames - 1) % cycle) % cycle)
    if before > 0 {
      // No symbol is none of them, no signal is zero.
      let nothing: Float = stream.program.facts.inputChannels == nil ? -1 : 0
      stream.skip(Tensor([prompt.shape[0], before, prompt.shape[2]], repeating: nothing))
    }
    if frames > 1 { stream.skip(prompt.sliced(axis: 1, 0..<frames - 1)) }
    return stream(prompt.sliced(axis: 1, frames - 1..<frames))
      .reshaped([prompt.shape[0], stream.program.facts.outputChannels])
  }
}

extension SymbolCoder {
  /// The vectors of the input symbols.
  func entrance(_ builder: StreamBuilder) -> StreamSignal {
    builder.symbols(embedding.table.reshaped([1, configuration.count, configuration.channels]))
  }

  /// The scores of all symbols: the table once more, the other way round.
  func exit(_ builder: StreamBuilder, _ x: StreamSignal) -> StreamSignal {
    let weight = embedding.table.transposed().reshaped([1, configuration.channels, configuration.count])
    return builder.conv([x], Conv1D(weight: weight, bias: bias))
  }
}

extension SeqUNet: StreamableNetwork {
  public func framesBefore(prompt frames: Int) -> Int {
    configuration.padding == .zeros ? configuration.lengths.paddedFrames(frames) - frames : 0
  }

  public func describe(to builder: StreamBuilder) -> StreamSignal {
    var x = coder?.entrance(builder) ?? builder.values(channels: configuration.inputChannels)
    var skips: [StreamSignal] = []
    for block in down {
      let skip = builder.conv([x], block.conv)
      skips.append(skip)
      x = builder.conv([skip], block.thin)
    }
    x = builder.conv([x], bottleneck)
    for block in up { x = builder.conv([builder.transposed(x, block.widen), skips.removeLast()], block.conv) }
    x = builder.conv([x], output)
    return coder?.exit(builder, x) ?? x
  }
}

extension SeqUNetResidual: StreamableNetwork {
  public func describe(to builder: StreamBuilder) -> StreamSignal {
    func unit(_ layer: GatedUnit, _ inputs: StreamSignal..., then final: Activation = .none) -> StreamSignal {
      builder.conv(inputs, layer.convolution, isGated: true, addedTo: inputs[0], then: final)
    }
    var x = builder.symbols(input.weight, bias: input.bias)
    var skips: [StreamSignal] = []
    for block in down {
      for layer in block.layers { x = unit(layer, x) }
      skips.append(x)
      x = unit(block.thin, x)
    }
    for layer in bottleneck { x = unit(layer, x) }
    for block in up {
      let condition = builder.transposed(x, block.widen, isGated: true, addedTo: x)
      x = skips.removeLast()
      for (index, layer) in block.layers.enumerated() {
        let isLast = skips.isEmpty && index == block.layers.count - 1
        x = unit(layer, x, condition, then: isLast ? .relu : .none)
      }
    }
    return builder.conv([x], output)
  }
}

extension TCN: StreamableNetwork {
  public func describe(to builder: StreamBuilder) -> StreamSignal {
    let x = describe(to: builder, from: coder?.entrance(builder) ?? builder.values(channels: configuration.inputChannels))
    return coder?.exit(builder, x) ?? x
  }

  /// The blocks and the last layer, after which may come another activation.
  func describe(to builder: StreamBuilder, from input: StreamSignal, then final: Activation = .none) -> StreamSignal {
    var x = input
    for block in blocks {
      let shortcut = block.shortcut.map { builder.conv([x], $0) } ?? x
      x = builder.conv(
        [builder.conv([x], block.first.normalized())], block.second.normalized(), addedTo: shortcut, then: .relu)
    }
    return output.map { builder.conv([x], $0, then: final) } ?? x
  }
}

extension MaskTCN {
  /// The network frame by frame, from the logarithms of a spectrum's magnitudes, log(1 + x) `[features]`, to the masks of
  /// the frame `lookahead` frames before, `[(sources − 1) · features]`.
  public func maskProgram(weights: StreamWeights = .float32) -> StreamProgram {
    let builder = StreamBuilder(weights: weights)
    let entrance = builder.conv([builder.values(channels: configuration.features)], entrance)
    return builder.finished(network.describe(to: builder, from: entrance, then: .sigmoid))
  }
}

extension WaveNet: StreamableNetwork {
  public func describe(to builder: StreamBuilder) -> StreamSignal {
    var x = builder.symbols(input.weight, bias: input.bias)
    var gates: [StreamSignal] = []
    for (index, layer) in layers.enumerated() {
      let gate = builder.conv([x], layer.dilated, isGated: true)
      gates.append(gate)
      if index < layers.count - 1 { x = builder.conv([gate], layer.residual, addedTo: x) }
    }
    let sum = Conv1D(weight: skipWeight, bias: skipBias.sum(axes: [0]), activation: .relu)
    return builder.conv([builder.conv([builder.conv(gates, sum)], hidden)], output)
  }
}
