// A dense layer whose weight is divided by its largest singular value, in few passes over the weight.
internal import CKernels

/// Activation(x·weight/σ + bias), where σ is another one for each pass, whose rows lie one pass after the other.
///
/// Earned by FactorGAN's discriminators, whose weights are larger than their signals: the signals are divided, not the
/// weight, and all passes of a step share one product in either direction. Only for activations f with f(sx) = s·f(x)
/// for s > 0: then ⟨g, x·weight/σ⟩, which the slope of σ needs, is a product of small things.
private struct SpectralDense: FusedOperation {
  let passes: [SingularEstimate]
  let hasBias: Bool
  let activation: Activation
  var keepsOutput: Bool { true }

  func definition(_ inputs: [Tensor]) -> Tensor {
    var start = 0
    let parts = passes.map { pass -> Tensor in
      defer { start += pass.rows }
      let weight = spectralWeight(inputs[1], u: pass.u, v: pass.v)
      let rows = inputs[0].sliced(axis: 0, start..<start + pass.rows)
      return dense(rows, weight, bias: hasBias ? inputs[2] : nil, activation: activation)
    }
    return parts.count == 1 ? parts[0] : .concatenated(parts, axis: 0)
  }

  private func geometry(_ inputs: [Tensor], moreRows: Int = 0) -> Conv1DGeometry {
    Conv1DGeometry(
      batch: 1, inputFrames: inputs[0].shape[0] + moreRows, inputChannels: inputs[1].shape[0],
      outputChannels: inputs[1].shape[1], kernelSize: 1)
  }

  /// Each pass's rows over its σ, and room for some rows more.
  private func divided(_ x: Tensor, moreRows: Int = 0) -> Tensor {
    let (rows, channels) = (x.shape[0], x.shape[1])
    let y = Tensor(uninitialized: [1, rows + moreRows, channels])
    var start = 0
    for pass in passes {
      require(
        ck_unary(
          Kernels.context, .affine, 1 / pass.largest, 0, pass.rows * channels, x.elements + start, y.elements + start))
      start += pass.rows * channels
    }
    return y
  }

  func apply(_ inputs: [Tensor]) -> Tensor {
    let geometry = geometry(inputs)
    let y = Kernels.conv1D(
      geometry, [.init(divided(inputs[0]))], inputs[1],
      .init(bias: hasBias ? inputs[2] : nil, activation: activation))
    return Tensor(shape: [inputs[0].shape[0], geometry.outputChannels], storage: y.storage)
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let outputs = inputs[1].shape[1]
    // ⟨g, x·weight/σ + bias⟩ of each pass: what the activation's slope multiplies is worth as much before as after.
    var along = passes.map { _ in Float(0) }
    if wanted[1] {
      for (index, rows) in shares { along[index] = Kernels.dot(rows, cotangent, output, outputs) }
    }
    let g = activation.pullback(cotangent, output, nil)
    if hasBias, wanted[1] || wanted[2] {
      var total: Tensor?
      for (index, rows) in shares {
        let sum = Kernels.sum(rows, of: g, outputs)
        along[index] -= Kernels.dot(sum, inputs[2])
        total.add(sum)
      }
      if wanted[2], let total { sums[2].add(total) }
    }
    if wanted[1] { sums[1].add(weightGradient(g, inputs, along)) }
    if wanted[0] {
      let gradient = Tensor(uninitialized: inputs[0].shape)
      let view = Tensor(shape: [1, inputs[0].shape[0], inputs[0].shape[1]], storage: gradient.storage)
      Kernels.conv1DInputGradient(geometry(inputs), divided(g), inputs[1], into: [.init(view)])
      sums[0].add(gradient)
    }
  }

  /// Σ over passes of (x/σ)ᵀg − ⟨g, x·weight/σ⟩/σ·vuᵀ, as one product: what σ contributes is a row more for each pass.
  private func weightGradient(_ g: Tensor, _ inputs: [Tensor], _ along: [Float]) -> Tensor {
    let (rows, channels, outputs) = (inputs[0].shape[0], inputs[1].shape[0], inputs[1].shape[1])
    let x = divided(inputs[0], moreRows: passes.count)
    let cotangents = Tensor(uninitialized: [1, rows + passes.count, outputs])
    cotangents.elements.update(from: g.elements, count: rows * outputs)
    for (index, pass) in passes.enumerated() {
      let row = rows + index
      require(
        ck_unary(
          Kernels.context, .affine, -along[index] / pass.largest, 0, channels, pass.v.elements,
          x.elements + row * channels))
      (cotangents.elements + row * outputs).update(from: pass.u.elements, count: outputs)
    }
    let gradient = Kernels.conv1DWeightGradient(geometry(inputs, moreRows: passes.count), [.init(x)], cotangents)
    return Tensor(shape: inputs[1].shape, storage: gradient.storage)
  }

  /// The rows of each pass.
  private var shares: [(index: Int, rows: Range<Int>)] {
    var start = 0
    return passes.enumerated().map { index, pass in
      defer { start += pass.rows }
      return (index, start..<start + pass.rows)
    }
  }
}

extension Kernels {
  /// ⟨x, y⟩ over some of their rows.
  fileprivate static func dot(_ rows: Range<Int>, _ x: Tensor, _ y: Tensor, _ columns: Int) -> Float {
    var sum = 0.0
    let start = rows.lowerBound * columns
    require(ck_dot(context, rows.count * columns, x.elements + start, y.elements + start, &sum))
    return Float(sum)
  }

  /// The sum of some rows.
  fileprivate static func sum(_ rows: Range<Int>, of x: Tensor, _ columns: Int) -> Tensor {
    let sum = Tensor(uninitialized: [columns])
    require(ck_reduce(context, .sum, 1, rows.count, columns, x.elements + rows.lowerBound * columns, sum.elements))
    return sum
  }
}

extension Activation {
  /// Whether f(sx) = s·f(x) for every s > 0.
  var isHomogeneous: Bool {
    switch self {
    case .none, .relu, .leakyReLU: true
    case .tanh, .sigmoid: false
    }
  }
}

/// Activation(x·weight/σ + bias) for `x` `[rows, inputs]`, of which each pass has its own share and its own σ.
func spectralDense(
  _ x: Tensor, _ weight: Tensor, bias: Tensor?, activation: Activation, passes: [SingularEstimate]
) -> Tensor {
  let operation = SpectralDense(passes: passes, hasBias: bias != nil, activation: activation)
  return fused(operation, [x, weight] + (bias.map { [$0] } ?? []))
}
