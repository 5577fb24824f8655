internal import CLAPACKE
public import SwiftDL

/// Mean and covariance of a set of feature vectors: all that the Fréchet distance sees of it.
public struct FeatureStatistics: Sendable {
  /// Features of a vector.
  public let count: Int
  public let mean: [Double]
  /// `count × count`, divided by the number of vectors less one.
  public let covariance: [Double]

  /// - Parameter features: `[vectors, count]`, two vectors at least.
  public init(_ features: Tensor) {
    require(
      features.rank == 2 && features.shape[0] > 1, "FeatureStatistics: features of shape \(features.shape)")
    let (vectors, count) = (features.shape[0], features.shape[1])
    var mean = [Double](repeating: 0, count: count)
    var covariance = [Double](repeating: 0, count: count * count)
    features.withUnsafeBuffer { x in
      for vector in 0..<vectors {
        for column in 0..<count { mean[column] += Double(x[vector * count + column]) }
      }
      for column in 0..<count { mean[column] /= Double(vectors) }
      var centered = [Double](repeating: 0, count: count)
      for vector in 0..<vectors {
        for column in 0..<count { centered[column] = Double(x[vector * count + column]) - mean[column] }
        for row in 0..<count {
          let factor = centered[row] / Double(vectors - 1)
          for column in 0...row { covariance[row * count + column] += factor * centered[column] }
        }
      }
    }
    for row in 0..<count {
      for column in 0..<row { covariance[column * count + row] = covariance[row * count + column] }
    }
    (self.count, self.mean, self.covariance) = (count, mean, covariance)
  }

  /// The Fréchet distance between Gaussians of these moments: ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2(C₁C₂)^½).
  ///
  /// The trace of the root is that of (A C₂ A)^½ with A = C₁^½, which is symmetric: a sum of roots of eigenvalues.
  /// Source: Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash equilibrium", 2017.
  public func frechetDistance(from other: FeatureStatistics) -> Double {
    require(count == other.count, "frechetDistance: \(count) features and \(other.count)")
    let between = zip(mean, other.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let root = SquareMatrix(count, covariance).squareRoot
    let product = SquareMatrix(count, root.times(other.covariance).times(root.values).values)
    let traceOfRoot = product.eigenvalues.reduce(0) { $0 + max($1, 0).squareRoot() }
    return between + trace + other.trace - 2 * traceOfRoot
  }

  private var trace: Double { (0..<count).reduce(0) { $0 + covariance[$1 * count + $1] } }
}

/// A square matrix of doubles, row by row. What is decomposed, by LAPACK, must be symmetric.
private struct SquareMatrix {
  let count: Int
  let values: [Double]

  init(_ count: Int, _ values: [Double]) { (self.count, self.values) = (count, values) }

  /// Eigenvalues in rising order, and the vectors that belong to them as columns.
  private func decomposed(vectors: Bool) -> (values: [Double], vectors: [Double]) {
    var matrix = values
    var eigenvalues = [Double](repeating: 0, count: count)
    let status = LAPACKE_dsyevd(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: vectors ? "V" : "N")), CChar(UInt8(ascii: "L")), Int32(count), &matrix,
      Int32(count), &eigenvalues)
    require(status == 0, "LAPACK could not decompose a matrix of \(count) × \(count): status \(status)")
    return (eigenvalues, matrix)
  }

  var eigenvalues: [Double] { decomposed(vectors: false).values }

  /// The symmetric matrix whose square this one is; eigenvalues that rounding has made negative count as zero.
  var squareRoot: SquareMatrix {
    let (eigenvalues, vectors) = decomposed(vectors: true)
    var result = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0..<count {
        var sum = 0.0
        for index in 0..<count {
          sum += vectors[row * count + index] * max(eigenvalues[index], 0).squareRoot() * vectors[column * count + index]
        }
        result[row * count + column] = sum
      }
    }
    return SquareMatrix(count, result)
  }

  /// The product with another matrix.
  func times(_ other: [Double]) -> SquareMatrix {
    var result = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for index in 0..<count {
        let factor = values[row * count + index]
        for column in 0..<count { result[row * count + column] += factor * other[index * count + column] }
      }
    }
    return SquareMatrix(count, result)
  }
}
