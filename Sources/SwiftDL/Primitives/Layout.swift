// Moving elements without arithmetic: linear maps whose adjoints move them back.

// MARK: - Reshape

private struct Reshape: LinearMap {
  let from: Shape
  let to: Shape
  func apply(_ x: Tensor, adjoint: Bool) -> Tensor {
    Tensor(shape: adjoint ? from : to, storage: x.storage)
  }
}

extension Tensor {
  /// The same elements under another shape; one extent may be -1 and is worked out.
  public func reshaped(_ extents: [Int]) -> Tensor {
    guard let free = extents.firstIndex(of: -1) else { return reshaped(Shape(extents)) }
    var extents = extents
    extents[free] = 1
    let rest = extents.reduce(1, *)
    precondition(rest > 0 && count % rest == 0, "reshaped: \(shape) to \(extents) with a free extent")
    extents[free] = count / rest
    return reshaped(Shape(extents))
  }

  /// The same elements under another shape.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.elementCount == count, "reshaped: \(self.shape) to \(shape)")
    return self.shape == shape ? self : linear(Reshape(from: self.shape, to: shape), self)
  }

  /// The same elements with an axis of extent 1 inserted.
  public func expanded(at axis: Int) -> Tensor {
    var extents = Array(shape)
    extents.insert(1, at: axis < 0 ? axis + rank + 1 : axis)
    return reshaped(Shape(extents))
  }
}

// MARK: - Permute

private struct Permute: LinearMap {
  let axes: [Int]
  func apply(_ x: Tensor, adjoint: Bool) -> Tensor {
    guard adjoint else { return Kernels.permute(x, axes) }
    return Kernels.permute(x, axes.indices.sorted { axes[$0] < axes[$1] })
  }
}

extension Tensor {
  /// The axes in another order: axis i of the result is axis `axes[i]` of self.
  public func permuted(_ axes: [Int]) -> Tensor {
    precondition(
      axes.sorted() == Array(shape.indices), "permuted: axes \(axes) for a tensor of shape \(shape)")
    return linear(Permute(axes: axes), self)
  }

  /// The last two axes exchanged.
  public func transposed() -> Tensor {
    precondition(rank >= 2, "transposed: a tensor of shape \(shape)")
    var axes = Array(shape.indices)
    axes.swapAt(rank - 2, rank - 1)
    return permuted(axes)
  }
}

// MARK: - Slice, pad, decimate

/// Takes elements start + step·i along every axis; its adjoint puts them back among zeros.
private struct Slice: LinearMap {
  let large: Shape
  let small: Shape
  let starts: [Int]
  let steps: [Int]
  func apply(_ x: Tensor, adjoint: Bool) -> Tensor {
    adjoint
      ? Kernels.embed(x, starts: starts, steps: steps, in: large)
      : Kernels.slice(x, starts: starts, steps: steps, to: small)
  }
}

extension Tensor {
  /// A range of positions along an axis.
  public func sliced(axis: Int, _ range: Range<Int>) -> Tensor {
    let axis = shape.axis(axis, in: "sliced")
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[axis],
      "sliced: \(range) along axis \(axis) of a tensor of shape \(shape)")
    if range == 0..<shape[axis] { return self }
    var starts = [Int](repeating: 0, count: rank)
    starts[axis] = range.lowerBound
    return linear(
      Slice(
        large: shape, small: shape.replacing(axis: axis, with: range.count), starts: starts,
        steps: [Int](repeating: 1, count: rank)),
      self)
  }

  /// Every `factor`-th position along an axis, the first one included.
  public func decimated(axis: Int, by factor: Int) -> Tensor {
    let axis = shape.axis(axis, in: "decimated")
    precondition(factor > 0, "decimated: factor \(factor)")
    var steps = [Int](repeating: 1, count: rank)
    steps[axis] = factor
    let small = shape.replacing(axis: axis, with: (shape[axis] + factor - 1) / factor)
    return linear(
      Slice(large: shape, small: small, starts: [Int](repeating: 0, count: rank), steps: steps), self)
  }

  /// Zeros before and after along an axis; negative numbers crop.
  public func padded(axis: Int, before: Int, after: Int) -> Tensor {
    let axis = shape.axis(axis, in: "padded")
    let cropped = sliced(axis: axis, Swift.max(0, -before)..<shape[axis] - Swift.max(0, -after))
    let (before, after) = (Swift.max(0, before), Swift.max(0, after))
    if before == 0 && after == 0 { return cropped }
    var starts = [Int](repeating: 0, count: rank)
    starts[axis] = before
    let large = cropped.shape.replacing(axis: axis, with: before + cropped.shape[axis] + after)
    return linear(
      Slice(
        large: large, small: cropped.shape, starts: starts, steps: [Int](repeating: 1, count: rank)),
      cropped, adjoint: true)
  }

  /// The middle `extent` positions along an axis; of an odd surplus, the extra one goes at the end.
  public func centerCropped(axis: Int, to extent: Int) -> Tensor {
    let axis = shape.axis(axis, in: "centerCropped")
    precondition(
      extent <= shape[axis], "centerCropped: \(extent) along axis \(axis) of a tensor of shape \(shape)")
    let start = (shape[axis] - extent) / 2
    return sliced(axis: axis, start..<start + extent)
  }
}

// MARK: - Concatenate

private struct Concatenate: Primitive {
  let axis: Int
  func pullback(_ g: Tensor, _ inputs: [Tensor], _ output: Tensor, _ wanted: [Bool]) -> [Tensor?] {
    var start = 0
    return inputs.indices.map { index in
      let extent = inputs[index].shape[axis]
      defer { start += extent }
      return wanted[index] ? g.sliced(axis: axis, start..<start + extent) : nil
    }
  }
  func keeps(input index: Int, tracked: [Bool]) -> Bool { false }
}

extension Tensor {
  /// Tensors one after another along an axis; the other extents agree.
  public static func concatenated(_ parts: [Tensor], axis: Int) -> Tensor {
    guard let first = parts.first else { preconditionFailure("concatenated: no tensors") }
    let axis = first.shape.axis(axis, in: "concatenated")
    if parts.count == 1 { return first }
    for part in parts {
      precondition(
        part.rank == first.rank && part.shape.replacing(axis: axis, with: first.shape[axis]) == first.shape,
        "concatenated: shapes \(parts.map(\.shape)) along axis \(axis)")
    }
    let whole = Tensor(
      uninitialized: first.shape.replacing(axis: axis, with: parts.reduce(0) { $0 + $1.shape[axis] }))
    var starts = [Int](repeating: 0, count: first.rank)
    let steps = [Int](repeating: 1, count: first.rank)
    for part in parts {
      Kernels.place(part, starts: starts, steps: steps, in: whole)
      starts[axis] += part.shape[axis]
    }
    return record(Concatenate(axis: axis), parts, whole)
  }

  /// Tensors of one shape along a new axis.
  public static func stacked(_ parts: [Tensor], axis: Int = 0) -> Tensor {
    concatenated(parts.map { $0.expanded(at: axis) }, axis: axis)
  }

  /// The parts of given extents along an axis.
  public func split(axis: Int, extents: [Int]) -> [Tensor] {
    let axis = shape.axis(axis, in: "split")
    precondition(
      extents.reduce(0, +) == shape[axis], "split: extents \(extents) along axis \(axis) of shape \(shape)")
    var start = 0
    return extents.map { extent in
      defer { start += extent }
      return sliced(axis: axis, start..<start + extent)
    }
  }
}

// MARK: - Gather

private struct GatherRows: LinearMap {
  let table: Shape
  let indices: [Int32]
  let result: Shape
  func apply(_ x: Tensor, adjoint: Bool) -> Tensor {
    adjoint
      ? Kernels.gatherRowsAdjoint(x, indices, to: table) : Kernels.gatherRows(x, indices, to: result)
  }
}

extension Tensor {
  /// Rows of a `[rows, columns]` table: result `[indices.count, columns]`. The adjoint adds rows in order.
  public func gatheredRows(_ indices: [Int]) -> Tensor {
    precondition(rank == 2, "gatheredRows: a table of shape \(shape)")
    precondition(
      indices.allSatisfy { $0 >= 0 && $0 < shape[0] },
      "gatheredRows: an index outside a table of \(shape[0]) rows")
    return linear(
      GatherRows(table: shape, indices: indices.map(Int32.init), result: [indices.count, shape[1]]), self)
  }
}
