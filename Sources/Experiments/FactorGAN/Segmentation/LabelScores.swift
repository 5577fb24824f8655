package import SwiftDL

/// How well label images were found: sums over images.
///
/// As in FactorGAN's code, colours that were found are taken for the nearest of the classes that count, true ones for the
/// nearest of all classes, and pixels of true classes that do not count are left out; accuracy is a mean over images, then
/// over batches. Intersection over union and Dice's coefficient, our addition, are those of all pixels together, each a
/// mean over the classes that occur.
package struct LabelScores {
  private let palette: LabelPalette
  private var squares = 0.0
  private var values = 0
  private var accuracies: [Double] = []
  /// By class: pixels that are both, found, and true.
  private var hits: [Int]
  private var found: [Int]
  private var truth: [Int]

  package init(_ palette: LabelPalette) {
    self.palette = palette
    let zeros = Array(repeating: 0, count: palette.entries.count)
    (hits, found, truth) = (zeros, zeros, zeros)
  }

  /// Adds a batch of images `[batch, height, width, 3]` in 0 … 1.
  package mutating func add(_ estimates: Tensor, _ references: Tensor) {
    require(estimates.shape == references.shape, "LabelScores: \(estimates.shape) for \(references.shape)")
    let pixels = estimates.count / estimates.shape[0] / 3
    let all = Array(palette.entries.indices)
    let counted = palette.evaluated
    var accuracies: [Double] = []
    estimates.withUnsafeBuffer { made in
      references.withUnsafeBuffer { real in
        for place in made.indices { squares += Double((made[place] - real[place]) * (made[place] - real[place])) }
        values += made.count
        func colour(_ buffer: UnsafeBufferPointer<Float>, _ pixel: Int) -> (Float, Float, Float) {
          (255 * buffer[3 * pixel], 255 * buffer[3 * pixel + 1], 255 * buffer[3 * pixel + 2])
        }
        for image in 0..<estimates.shape[0] {
          var (right, total) = (0, 0)
          for pixel in image * pixels..<(image + 1) * pixels {
            let label = palette.nearest(colour(real, pixel), among: all)
            guard palette.entries[label].isEvaluated else { continue }
            let guess = palette.nearest(colour(made, pixel), among: counted)
            total += 1
            truth[label] += 1
            found[guess] += 1
            if guess == label {
              right += 1
              hits[label] += 1
            }
          }
          if total > 0 { accuracies.append(Double(right) / Double(total)) }
        }
      }
    }
    if !accuracies.isEmpty { self.accuracies.append(accuracies.reduce(0, +) / Double(accuracies.count)) }
  }

  package var json: JSONObject {
    let seen = hits.indices.filter { truth[$0] + found[$0] > 0 }
    func mean(_ value: (Int) -> Double) -> Double? {
      seen.isEmpty ? nil : seen.reduce(0) { $0 + value($1) } / Double(seen.count)
    }
    return [
      "mse": values == 0 ? nil : squares / Double(values),
      "pixel_accuracy": accuracies.isEmpty ? nil : accuracies.reduce(0, +) / Double(accuracies.count),
      "mean_iou": mean { Double(hits[$0]) / Double(truth[$0] + found[$0] - hits[$0]) },
      "mean_dice": mean { 2 * Double(hits[$0]) / Double(truth[$0] + found[$0]) },
    ]
  }
}
