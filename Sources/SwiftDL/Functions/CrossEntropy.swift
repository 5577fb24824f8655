// Softmax and cross-entropy in one operation.
internal import CKernels

/// scale · Σ −ln softmax(logits)[class] over the positions that count.
///
/// Earned by the sequence models: of everything between the logits and the loss nothing is kept.
struct CrossEntropy: FusedOperation {
  let classes: [Int]
  let ignoring: Int?
  let scale: Float
  var keepsOutput: Bool { false }

  func definition(_ inputs: [Tensor]) -> Tensor { Self.losses(inputs[0], classes, ignoring).sum() * scale }

  /// The loss of every position, `[positions, 1]`, in public operations.
  static func losses(_ logits: Tensor, _ classes: [Int], _ ignoring: Int?) -> Tensor {
    let classCount = logits.shape[logits.rank - 1]
    let positions = classes.enumerated().map { $0 * classCount + ($1 == ignoring ? 0 : $1) }
    let losses = -logits.logSoftmax().reshaped([logits.count, 1]).gatheredRows(positions)
    guard let ignoring, classes.contains(ignoring) else { return losses }
    return losses * Tensor([classes.count, 1], classes.map { $0 == ignoring ? 0 : 1 })
  }

  /// exp(logits − largest), `[positions, classes]`; the largest logits and the sums of the powers per position.
  private func powers(_ logits: Tensor) -> (powers: Tensor, largest: Tensor, sums: Tensor) {
    let x = Tensor(shape: [classes.count, logits.shape[logits.rank - 1]], storage: logits.storage)
    let largest = Kernels.reduce(.maximum, x, 1..<2)
    let powers = Kernels.pair(.subtract, x, largest)
    require(ck_unary(Kernels.context, .exp, 0, 0, powers.count, powers.elements, powers.elements))
    return (powers, largest, Kernels.reduce(.sum, powers, 1..<2))
  }

  func apply(_ inputs: [Tensor]) -> Tensor {
    let classCount = inputs[0].shape[inputs[0].rank - 1]
    let (_, largest, sums) = powers(inputs[0])
    let logarithms = Kernels.unary(.log, sums)
    var total = 0.0
    inputs[0].withUnsafeBuffer { x in
      for (index, target) in classes.enumerated() where target != ignoring {
        total += Double(logarithms.elements[index])
        total -= Double(x[index * classCount + target] - largest.elements[index])
      }
    }
    return Tensor(Float(total * Double(scale)))
  }

  func accumulate(
    _ cotangent: consuming Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool],
    into sums: inout [Tensor?]
  ) {
    let factor = cotangent.scalar * scale
    let (powers, _, powerSums) = powers(inputs[0])
    let (count, classCount) = (powers.shape[0], powers.shape[1])
    for (index, target) in classes.enumerated() {
      powerSums.elements[index] = target == ignoring ? 0 : factor / powerSums.elements[index]
    }
    require(
      ck_binary_broadcast(
        Kernels.context, .multiply, 0, 1, count, classCount, powers.elements, powerSums.elements,
        powers.elements))
    for (index, target) in classes.enumerated() where target != ignoring {
      powers.elements[index * classCount + target] -= factor
    }
    sums[0].add(Tensor(shape: inputs[0].shape, storage: powers.storage))
  }
}
