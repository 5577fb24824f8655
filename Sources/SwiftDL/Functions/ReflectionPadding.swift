extension Tensor {
  /// The tensor with its ends mirrored along an axis, the outermost position not repeated: c b | a b c d | c b for 2.
  ///
  /// PyTorch's `F.pad` in mode `reflect`.
  ///
  /// - Parameter count: positions added at either end; fewer than the axis has.
  public func reflectionPadded(axis: Int, by count: Int) -> Tensor {
    let axis = shape.axis(axis, in: "reflectionPadded")
    let extent = shape[axis]
    require(
      count >= 0 && count < extent, "reflectionPadded: \(count) positions beyond an axis of a tensor of shape \(shape)")
    func position(_ index: Int) -> Tensor { sliced(axis: axis, index..<index + 1) }
    let before = (0..<count).map { position(count - $0) }
    let after = (0..<count).map { position(extent - 2 - $0) }
    return .concatenated(before + [self] + after, axis: axis)
  }
}
