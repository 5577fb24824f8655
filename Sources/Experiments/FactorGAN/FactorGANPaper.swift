import SwiftDLModels

/// What the authors found where pictures and sources were generated: Stoller, Ewert, Dixon, ICLR 2020, sections 4.2 to 4.4,
/// in the numbers of their repository's result files.
enum FactorGANPaper {
  /// One figure of a GAN and of a FactorGAN; more of them in the order of the paper's columns.
  struct Row: Sendable {
    /// 0 for all.
    let pairs: Int
    let gan: [Double]
    let bigGAN: [Double]?
    let factorGAN: [Double]
  }

  /// The figures' keys in a run's metrics, and the rows.
  static func rows(_ task: FactorGANTask, _ data: FactorGANDataSettings) -> (keys: [String], rows: [Row]) {
    func row(_ pairs: Int, _ gan: [Double], _ factorGAN: [Double], big: [Double]? = nil) -> Row {
      Row(pairs: pairs, gan: gan, bigGAN: big, factorGAN: factorGAN)
    }
    switch task {
    case .pairedDigits: return ([], [])
    case .imagePairs where data.firstIsGrey:
      // Edges2Shoes.
      return (
        ["ls"],
        [
          row(100, [0.199], [0.498], big: [0.126]), row(1000, [0.481], [0.512], big: [0.447]),
          row(0, [0.478], [0.501], big: [0.501]),
        ]
      )
    case .imagePairs:
      // Cityscapes.
      return (
        ["ls"],
        [
          row(100, [0.054], [0.155], big: [0.037]), row(1000, [0.050], [0.222], big: [0.134]),
          row(0, [0.088], [0.248], big: [0.153]),
        ]
      )
    case .segmentation:
      return (
        ["mse", "pixel_accuracy"],
        [
          row(25, [0.0409, 0.5398], [0.02665, 0.7166]), row(100, [0.03447, 0.6441], [0.02688, 0.7198]),
          row(500, [0.02419, 0.7326], [0.02116, 0.7741]), row(1000, [0.01954, 0.7924], [0.02038, 0.7795]),
          row(0, [0.02029, 0.7818], [0.0196, 0.7866]),
        ]
      )
    case .audioSeparation:
      return (
        ["\(data.source)_sdr_median", "accompaniment_sdr_median"],
        [
          row(10, [1.98, 6.18], [3.01, 6.68]), row(20, [2.09, 5.99], [3.16, 6.80]), row(50, [1.47, 5.72], [3.44, 7.02]),
        ]
      )
    }
  }
}
