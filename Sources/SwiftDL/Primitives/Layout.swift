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
    require(
      rest > 0 && count % rest == 0, "reshaped: \(shape) with extent \(free) of \(extents) left free")
    extents[free] = count / rest
    return reshaped(Shape(extents))
  }

  /// The same elements under another shape.
  public func reshaped(_ shape: Shape) -> Tensor {
    require(shape.elementCount == count, "reshaped: \(self.shape) to \(shape)")
    return self.shape == shape ? self : linear(Reshape(from: self.shape, to: shape), self)
  }

  /// The same elements with an axis of extent 1 inserted.
  public func expanded(at axis: Int) -> Tensor {
    let place = axis < 0 ? axis + rank + 1 : axis
    require(place >= 0 && place <= rank, "expanded: axis \(axis) of a tensor of shape \(shape)")
    var extents = Array(shape)
    extents.insert(1, at: place)
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
    require(
      axes.sorted() == Array(shape.indices), "permuted: axes \(axes) for a tensor of shape \(shape)")
    return linear(Permute(axes: axes), self)
  }

  /// The last two axes exchanged.
  public func transposed() -> Tensor {
    require(rank >= 2, "transposed: a tensor of shape \(shape)")
    var axes = Array(shape.indices)
    axes.swapAt(rank - 2, rank - 1)
    return permuted(axes)
  }
}

// MARK: - Slice, pad, decimate

/// Takes a part of an axis; its adjoint puts it back among zeros.
private struct Slice: LinearMap {
  let large: Shape
  let small: Shape
  let part: Kernels.AxisPart
  func apply(_ x: Tensor, adjoint: Bool) -> Tensor {
    adjoint ? Kernels.embed(x, part, in: large) : Kernels.slice(x, part, to: small)
  }
}

extension Tensor {
  /// A range of positions along an axis.
  public func sliced(axis: Int, _ range: Range<Int>) -> Tensor {
    let axis = shape.axis(axis, in: "sliced")
    require(
      range.lowerBound >= 0 && range.upperBound <= shape[axis],
      "sliced: \(range) along axis \(axis) of a tensor of shape \(shape)")
    if range == 0..<shape[axis] { return self }
    let small = shape.replacing(axis: axis, with: range.count)
    return linear(
      Slice(large: shape, small: small, part: .init(axis: axis, start: range.lowerBound)), self)
  }

  /// Every `factor`-th position along an axis, the first one included.
  public func decimated(axis: Int, by factor: Int) -> Tensor {
    let axis = shape.axis(axis, in: "decimated")
    require(factor > 0, "decimated: factor \(factor)")
    if factor == 1 { return self }
    let small = shape.replacing(axis: axis, with: (shape[axis] + factor - 1) / factor)
    return linear(
      Slice(large: shape, small: small, part: .init(axis: axis, start: 0, step: factor)), self)
  }

  /// Zeros before and after along an axis; negative numbers crop.
  public func padded(axis: Int, before: Int, after: Int) -> Tensor {
    let axis = shape.axis(axis, in: "padded")
    require(
      Swift.min(0, before) + Swift.min(0, after) + shape[axis] >= 0,
      "padded: \(before) before and \(after) after axis \(axis) of a tensor of shape \(shape)")
    let cropped = sliced(axis: axis, Swift.max(0, -before)..<shape[axis] - Swift.max(0, -after))
    let (before, after) = (Swift.max(0, before), Swift.max(0, after))
    if before == 0 && after == 0 { return cropped }
    let large = cropped.shape.replacing(axis: axis, with: before + cropped.shape[axis] + after)
    return linear(
      Slice(large: large, small: cropped.shape, part: .init(axis: axis, start: before)), cropped,
      adjoint: true)
  }

  /// The middle `extent` positions along an axis; of an odd surplus, the extra one goes at the end.
  public func centerCropped(axis: Int, to extent: Int) -> Tensor {
    let axis = shape.axis(axis, in: "centerCropped")
    require(
      extent >= 0 && extent <= shape[axis],
      "centerCropped: \(extent) along axis \(axis) of a tensor of shape \(shape)")
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
  func keeps(input index: Int, of inputs: [Tensor]) -> Bool { false }
}

extension Tensor {
  /// Tensors one after another along an axis; the other extents agree.
  public static func concatenated(_ parts: [Tensor], axis: Int) -> Tensor {
    guard let first = parts.first else { fatalError("concatenated: no tensors") }
    let axis = first.shape.axis(axis, in: "concatenated")
    if parts.count == 1 { return first }
    for part in parts {
      require(
        part.rank == first.rank && part.shape.replacing(axis: axis, with: first.shape[axis]) == first.shape,
        "concatenated: shapes \(parts.map(\.shape)) along axis \(axis)")
    }
    let whole = Tensor(
      uninitialized: first.shape.replacing(axis: axis, with: parts.reduce(0) { $0 + $1.shape[axis] }))
    var start = 0
    for part in parts {
      Kernels.place(part, .init(axis: axis, start: start), in: whole)
      start += part.shape[axis]
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
    require(
      extents.reduce(0, +) == shape[axis] && extents.allSatisfy { $0 >= 0 },
      "split: extents \(extents) along axis \(axis) of shape \(shape)")
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
    require(rank == 2, "gatheredRows: a table of shape \(shape)")
    require(
      indices.allSatisfy { $0 >= 0 && $0 < shape[0] },
      "gatheredRows: an index outside a table of \(shape[0]) rows")
    return linear(
      GatherRows(table: shape, indices: indices.map(Int32.init), result: [indices.count, shape[1]]), self)
  }
}
