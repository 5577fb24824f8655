import SwiftDL

/// Images at twice their height and width by bilinear interpolation whose corners stay where they are: PyTorch's
/// `Upsample(scale_factor=2, mode="bilinear", align_corners=True)`.
///
/// A product with a matrix along each axis: what such a product is differentiated to, products are, any number of times.
enum AlignedDoubling {
  /// `[n, 2 n]`: column j weighs the positions around j (n - 1) / (2 n - 1).
  static func matrix(_ n: Int) -> Tensor {
    var weights = [Float](repeating: 0, count: 2 * n * n)
    for column in 0..<2 * n {
      let place = Double(column * (n - 1)) / Double(max(1, 2 * n - 1))
      let first = min(Int(place), max(0, n - 2))
      let share = Float(place - Double(first))
      weights[first * 2 * n + column] += 1 - share
      if n > 1 { weights[(first + 1) * 2 * n + column] += share }
    }
    return Tensor([n, 2 * n], weights)
  }

  /// - Parameter image: `[batch, height, width, channels]`.
  static func apply(_ image: Tensor) -> Tensor {
    let (batch, height, width, channels) = (image.shape[0], image.shape[1], image.shape[2], image.shape[3])
    func doubled(_ x: Tensor, _ shape: Shape) -> Tensor {
      matmul(x.reshaped(shape).transposed(), matrix(shape[1])).transposed()
    }
    let wide = doubled(image, [batch * height, width, channels])
    return doubled(wide, [batch, height, 2 * width * channels]).reshaped([batch, 2 * height, 2 * width, channels])
  }
}
