/// Windows of `span` positions, each `stride` after the one before: the lengths of convolutions.
struct Windows {
  let span: Int
  let stride: Int

  init(kernelSize: Int, stride: Int, dilation: Int) {
    span = dilation * (kernelSize - 1) + 1
    self.stride = stride
  }

  /// Windows that fit into `extent` positions.
  func count(in extent: Int) -> Int { extent < span ? 0 : (extent - span) / stride + 1 }

  /// Positions that `count` windows cover.
  func extent(of count: Int) -> Int { count == 0 ? 0 : (count - 1) * stride + span }

  /// Zeros that make ⌈extent / stride⌉ windows fit; of an odd number, the extra one at the end.
  func zerosForSame(around extent: Int) -> Padding {
    let total = max(0, self.extent(of: (extent + stride - 1) / stride) - extent)
    return Padding(before: total / 2, after: total - total / 2)
  }
}
