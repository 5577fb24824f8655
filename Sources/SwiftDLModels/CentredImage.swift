import SwiftDL

extension Tensor {
  /// The middle of an image, as large as another.
  func centre(_ size: Shape) -> Tensor {
    var result = self
    for axis in 1...2 {
      let start = (shape[axis] - size[axis]) / 2
      result = result.sliced(axis: axis, start..<start + size[axis])
    }
    return result
  }
}
