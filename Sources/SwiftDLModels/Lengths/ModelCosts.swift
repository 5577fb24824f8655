/// What a network takes and costs, told by its configuration alone: nothing is built to know it.
public protocol CostedConfiguration: Sendable, Hashable {
  var frame: SequenceFrame { get }
  /// Trained numbers.
  var parameterCount: Int { get }
  var receptiveField: ReceptiveField { get }
  /// Multiply–adds of a forward pass over one window, as this library does it: looking a symbol up costs none.
  func multiplyAdds(_ window: WindowLengths) -> Int
  /// Numbers that the forward pass of one window keeps for its gradient: the layers' outputs.
  func keptNumbers(_ window: WindowLengths) -> Int
}

extension CostedConfiguration {
  /// Bytes that a training step with Adam needs at most, about: weights, gradients and two moments, what the
  /// forward pass keeps, and on the way back the gradients of a few of these.
  public func trainingBytes(_ window: WindowLengths, rows: Int) -> Int {
    4 * (4 * parameterCount + rows * keptNumbers(window) * 5 / 4)
  }
}

/// Weights and biases of a convolution.
private func convolution(_ kernel: Int, _ inputs: Int, _ outputs: Int) -> Int {
  kernel * inputs * outputs + outputs
}

extension SymbolConfiguration {
  var parameterCount: Int { count * channels + count }
}

extension SeqUNetConfiguration: CostedConfiguration {
  public var frame: SequenceFrame {
    symbols.map { .symbol(count: $0.count) } ?? .vector(inputs: inputChannels, outputs: outputChannels)
  }

  public var parameterCount: Int {
    var total = (symbols?.parameterCount ?? 0) + convolution(1, widths[0], outputChannels)
    var inputs = inputChannels
    for (width, below) in zip(widths, widths.dropFirst()) {
      total += convolution(kernel, inputs, width) + convolution(kernel, width, width)
      total += convolution(kernel, below, below) + convolution(kernel, below + width, width)
      inputs = width
    }
    return total + convolution(kernel, inputs, widths[widths.count - 1])
  }

  public func multiplyAdds(_ window: WindowLengths) -> Int {
    let isPadded = padding == .zeros
    var frames = isPadded ? lengths.paddedFrames(window.input) : window.input
    var (inputs, total) = (inputChannels, 0)
    for width in widths.dropLast() {
      if !isPadded { frames -= kernel - 1 }
      total += frames * kernel * inputs * width
      frames = isPadded ? (frames - 1) / 2 + 1 : (frames - kernel) / 2 + 1
      total += frames * kernel * width * width
      inputs = width
    }
    if !isPadded { frames -= kernel - 1 }
    total += frames * kernel * inputs * widths[widths.count - 1]
    for (width, below) in zip(widths, widths.dropFirst()).reversed() {
      total += frames * kernel * below * below
      frames = isPadded ? 2 * frames - 1 : 2 * frames - kernel - (kernel - 1)
      total += frames * kernel * (below + width) * width
    }
    return total + frames * widths[0] * outputChannels
      + (symbols.map { window.output * $0.count * $0.channels } ?? 0)
  }

  public func keptNumbers(_ window: WindowLengths) -> Int {
    let isPadded = padding == .zeros
    var frames = isPadded ? lengths.paddedFrames(window.input) : window.input
    var total = frames * inputChannels
    for width in widths.dropLast() {
      if !isPadded { frames -= kernel - 1 }
      total += frames * width
      frames = isPadded ? (frames - 1) / 2 + 1 : (frames - kernel) / 2 + 1
      total += frames * width
    }
    if !isPadded { frames -= kernel - 1 }
    total += frames * widths[widths.count - 1]
    for (width, below) in zip(widths, widths.dropFirst()).reversed() {
      frames = isPadded ? 2 * frames - 1 : 2 * frames - kernel
      total += frames * below
      if !isPadded { frames -= kernel - 1 }
      total += frames * width
    }
    return total + window.output * (outputChannels + 2 * (symbols?.count ?? 0))
  }
}

extension SeqUNetResidualConfiguration: CostedConfiguration {
  public var frame: SequenceFrame { .symbol(count: symbols) }

  public var parameterCount: Int {
    let unit = convolution(kernel, width, 2 * width)
    let joined = convolution(kernel, 2 * width, 2 * width)
    return convolution(kernel, symbols, width) + (levels - 1) * ((depth + 2) * unit + depth * joined) + depth * unit
      + convolution(1, width, symbols)
  }

  public func multiplyAdds(_ window: WindowLengths) -> Int {
    let unit = kernel * width * 2 * width
    var frames = window.input - (kernel - 1)
    var total = 0
    func layers(of weights: Int) {
      for _ in 0..<depth {
        frames -= kernel - 1
        total += frames * weights
      }
    }
    for _ in 1..<levels {
      layers(of: unit)
      frames = (frames - kernel) / 2 + 1
      total += frames * unit
    }
    layers(of: unit)
    for _ in 1..<levels {
      total += frames * unit
      frames = 2 * frames - (kernel - 1)
      layers(of: 2 * unit)
    }
    return total + window.output * width * symbols
  }

  public func keptNumbers(_ window: WindowLengths) -> Int {
    var frames = window.input - (kernel - 1)
    var total = frames * width
    /// A layer keeps its signal and gate, and puts out their product with the input added.
    func layers(_ count: Int) {
      for _ in 0..<count {
        frames -= kernel - 1
        total += frames * 3 * width
      }
    }
    for _ in 1..<levels {
      layers(depth)
      frames = (frames - kernel) / 2 + 1
      total += frames * 3 * width
    }
    layers(depth)
    for _ in 1..<levels {
      frames = 2 * frames - (kernel - 1)
      total += frames * 3 * width
      layers(depth)
    }
    return total + window.output * (width + 2 * symbols)
  }
}

extension TCNConfiguration: CostedConfiguration {
  public var frame: SequenceFrame {
    symbols.map { .symbol(count: $0.count) }
      ?? .vector(inputs: inputChannels, outputs: outputChannels ?? widths.last ?? inputChannels)
  }

  /// Each convolution of a block also has a gain per channel.
  public var parameterCount: Int {
    var (inputs, total) = (inputChannels, symbols?.parameterCount ?? 0)
    for width in widths {
      total += convolution(kernel, inputs, width) + convolution(kernel, width, width) + 2 * width
      if inputs != width { total += convolution(1, inputs, width) }
      inputs = width
    }
    return total + (outputChannels.map { convolution(1, inputs, $0) } ?? 0)
  }

  /// Zeros stand in front, so every layer works on all input frames.
  public func multiplyAdds(_ window: WindowLengths) -> Int {
    var (inputs, each) = (inputChannels, 0)
    for width in widths {
      each += kernel * (inputs + width) * width + (inputs == width ? 0 : inputs * width)
      inputs = width
    }
    each += outputChannels.map { $0 * inputs } ?? 0
    each += symbols.map { $0.count * $0.channels } ?? 0
    return window.input * each
  }

  public func keptNumbers(_ window: WindowLengths) -> Int {
    var (inputs, each) = (inputChannels, inputChannels)
    for width in widths {
      each += 3 * width + (inputs == width ? 0 : width)
      inputs = width
    }
    return window.input * (each + (outputChannels ?? 0) + 2 * (symbols?.count ?? 0))
  }
}

extension WaveNetConfiguration: CostedConfiguration {
  public var frame: SequenceFrame { .symbol(count: symbols) }

  public var parameterCount: Int {
    let layer = convolution(2, width, 2 * width) + convolution(1, width, width) + convolution(1, width, skipWidth)
    return convolution(1, symbols, width) + stacks * layers * layer + convolution(1, skipWidth, skipWidth)
      + convolution(1, skipWidth, symbols)
  }

  public func keptNumbers(_ window: WindowLengths) -> Int {
    var frames = window.input
    var total = frames * width
    for layer in 0..<stacks * layers {
      frames -= 1 << (layer % layers)
      // Signal and gate, their product, and what goes on to the next layer; as published also a full skip.
      total += frames * (4 * width + (skipsAreCroppedFirst ? 0 : skipWidth))
    }
    return total + window.output * (2 * skipWidth + 2 * symbols)
  }
}
