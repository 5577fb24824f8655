// Convolution of a sequence of symbols: what a convolution of one-hot vectors computes, by looking rows up.
internal import CKernels

/// y[b, t] = bias + Σₖ weight[k, symbol[b, t + k]].
///
/// Earned by the audio networks, whose input is one of 256 levels: Seq-U-Net's first layer would otherwise
/// multiply 256 numbers, all but one of them 0, per tap.
private struct SymbolConvolution: FusedOperation {
  let batch: Int
  /// `[batch, frames]`.
  let symbols: [Int32]
  let hasBias: Bool
  var keepsOutput: Bool { false }

  private var frames: Int { symbols.count / batch }
  private func outputFrames(_ weight: Tensor) -> Int { frames - weight.shape[0] + 1 }

  func definition(_ inputs: [Tensor]) -> Tensor {
    let (taps, count, channels) = (inputs[0].shape[0], inputs[0].shape[1], inputs[0].shape[2])
    let out = outputFrames(inputs[0])
    let table = inputs[0].reshaped([taps * count, channels])
    var sum: Tensor?
    for tap in 0..<taps {
      let rows = (0..<batch).flatMap { example in
        symbols[example * frames + tap..<example * frames + tap + out].map { tap * count + Int($0) }
      }
      let part = table.gatheredRows(rows).reshaped([batch, out, channels])
      sum = sum.map { $0 + part } ?? part
    }
    guard let sum else { fatalError("symbolConv1D: weights without taps") }
    return hasBias ? sum + inputs[1] : sum
  }

  func apply(_ inputs: [Tensor]) -> Tensor {
    let weight = inputs[0]
    let (taps, count, channels) = (weight.shape[0], weight.shape[1], weight.shape[2])
    let out = outputFrames(weight)
    let y = Tensor(uninitialized: [batch, out, channels])
    // In pieces that stay in the cache while the taps are added up.
    let piece = max(1, min(out, (1 << 16) / max(1, channels)))
    let part = Tensor(uninitialized: [piece, channels])
    symbols.withUnsafeBufferPointer { symbols in
      guard let symbols = symbols.baseAddress else { return }
      for example in 0..<batch {
        for start in stride(from: 0, to: out, by: piece) {
          let rows = min(piece, out - start)
          let target = y.elements + (example * out + start) * channels
          for tap in 0..<taps {
            let to = tap == 0 ? target : part.elements
            require(
              ck_gather_rows(
                Kernels.context, rows, channels, count, symbols + example * frames + start + tap,
                weight.elements + tap * count * channels, to))
            if tap > 0 {
              require(ck_binary(Kernels.context, .add, 0, rows * channels, target, to, target))
            }
          }
          if hasBias {
            require(
              ck_binary_broadcast(
                Kernels.context, .add, 0, rows, channels, 1, target, inputs[1].elements, target))
          }
        }
      }
    }
    return y
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    if hasBias, wanted[1] { sums[1].add(Kernels.sum(cotangent, to: inputs[1].shape)) }
    guard wanted[0] else { return }
    let weight = inputs[0]
    let (taps, count, channels) = (weight.shape[0], weight.shape[1], weight.shape[2])
    let out = outputFrames(weight)
    let gradient = Tensor(uninitialized: weight.shape)
    for tap in 0..<taps {
      let rows = (0..<batch).flatMap { symbols[$0 * frames + tap..<$0 * frames + tap + out] }
      require(
        ck_gather_rows_adjoint(
          Kernels.context, rows.count, channels, count, rows, cotangent.elements,
          gradient.elements + tap * count * channels))
    }
    sums[0].add(gradient)
  }
}

/// bias + the convolution of one-hot vectors of `symbols` `[batch, frames]` with `weight`
/// `[kernel, symbols, output channels]`: `[batch, frames − kernel + 1, output channels]`.
public func symbolConv1D(
  _ symbols: [Int32], batch: Int, _ weight: Tensor, bias: Tensor? = nil
) -> Tensor {
  require(
    weight.rank == 3 && weight.shape[0] > 0 && batch > 0 && symbols.count % batch == 0
      && symbols.count / batch >= weight.shape[0] && (bias.map { $0.shape == [weight.shape[2]] } ?? true),
    "symbolConv1D: \(symbols.count) symbols in \(batch) rows, weights of shape \(weight.shape)")
  require(
    symbols.allSatisfy { $0 >= 0 && Int($0) < weight.shape[1] },
    "symbolConv1D: a symbol outside 0 ..< \(weight.shape[1])")
  return fused(
    SymbolConvolution(batch: batch, symbols: symbols, hasBias: bias != nil), [weight] + (bias.map { [$0] } ?? []))
}
