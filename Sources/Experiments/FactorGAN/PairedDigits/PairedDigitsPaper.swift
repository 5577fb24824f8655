import SwiftDLModels

/// What the authors found with pairs of MNIST's digits, after 200,000 updates: Stoller, Ewert, Dixon, ICLR 2020, section
/// 4.1, in the numbers of their repository's result files.
enum PairedDigitsPaper {
  /// The mean Fréchet distance of both digits, and the dependency error.
  struct Figures: Sendable, Equatable {
    let distance: Double
    let dependencyError: Double
  }

  /// - Parameter pairs: 0 for all 60,000.
  static func figures(_ factorisation: DensityFactorisation, pairs: Int, sameClass: Double) -> Figures? {
    guard let column = columns.firstIndex(where: { $0 == (factorisation, sameClass) }) else { return nil }
    if factorisation == .withoutRealDependency { return withoutRealDependency[sameClass] }
    guard let row = rows.first(where: { $0.pairs == (pairs == 0 ? 60_000 : pairs) }) else { return nil }
    return Figures(distance: row.distances[column], dependencyError: row.errors[column])
  }

  private static let columns: [(DensityFactorisation, Double)] = [
    (.gan, 0.1), (.factorGAN, 0.1), (.gan, 0.9), (.factorGAN, 0.9), (.withoutRealDependency, 0.1),
    (.withoutRealDependency, 0.9),
  ]

  /// The same for any number of pairs, of which it uses none.
  private static let withoutRealDependency: [Double: Figures] = [
    0.1: Figures(distance: 2.827, dependencyError: 0.267), 0.9: Figures(distance: 2.598, dependencyError: 1.488),
  ]

  private static let rows: [(pairs: Int, distances: [Double], errors: [Double])] = [
    (10, [154.45, 7.70, 144.05, 10.82], [4.142, 0.439, 0.694, 1.249]),
    (20, [83.97, 6.79, 62.66, 5.49], [2.296, 0.381, 0.391, 1.174]),
    (50, [37.24, 3.27, 34.27, 4.06], [1.030, 0.306, 0.454, 1.224]),
    (100, [22.58, 4.34, 18.52, 4.45], [0.746, 0.355, 0.366, 1.208]),
    (1000, [4.14, 3.47, 5.91, 3.09], [0.239, 0.259, 0.699, 0.815]),
    (5000, [3.07, 2.52, 2.83, 1.38], [0.202, 0.250, 0.683, 0.513]),
    (10_000, [2.75, 2.75, 3.00, 1.53], [0.207, 0.223, 0.669, 0.417]),
    (20_000, [2.95, 2.81, 2.48, 1.37], [0.199, 0.216, 0.723, 0.342]),
    (60_000, [2.62, 2.86, 2.13, 1.14], [0.229, 0.203, 0.707, 0.327]),
  ]
}
