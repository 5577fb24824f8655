package import SwiftDL
package import SwiftDLModels

/// How well generated images pass for real ones: the loss of a classifier that was trained to tell them apart.
///
/// Four fifths of the real test images and as many generated ones train a fresh network without spectral normalisation,
/// with the least squares of LSGAN; what comes out is E[(D(real) − 1)²] + E[D(generated)²] on the last fifth: 0.5 where it can
/// tell nothing, 0 where it is always right. More is better. Source: Stoller, Ewert, Dixon, ICLR 2020, section 4.2, and
/// the authors' code.
package struct LeastSquaresJudge {
  private let configuration: ConvNetworkConfiguration
  private let epochs: Int
  private let batchSize = 25
  private let rate: Float

  package init(_ configuration: ConvNetworkConfiguration, epochs: Int = 40, rate: Float = 1e-4) {
    (self.configuration, self.epochs, self.rate) = (configuration, epochs, rate)
  }

  /// - Parameters:
  ///   - real: so many images by their numbers below `count`; `generated` likewise.
  ///   - shouldStop: asked after every epoch.
  /// - Returns: nil when stopped.
  package func loss(
    count: Int, real: (ArraySlice<Int>) -> Tensor, generated: (ArraySlice<Int>) -> Tensor, random: RandomStream,
    shouldStop: () -> Bool
  ) -> Double? {
    var classifier = ConvClassifier(configuration, random: random.stream("classifier's weights"))
    var optimizer = Adam(learningRate: rate)
    let training = max(1, count * 4 / 5)
    for epoch in 0..<epochs {
      if shouldStop() { return nil }
      var random = random.stream("orders").stream(epoch)
      let orders = (random.permutation(of: training), random.permutation(of: training))
      for start in stride(from: 0, to: training, by: batchSize) {
        let places = start..<min(start + batchSize, training)
        let images = (real(orders.0[places]), generated(orders.1[places]))
        let (_, gradients) = valueAndGradients(of: classifier) { classifier in
          Self.loss(classifier, real: images.0, generated: images.1)
        }
        optimizer.update(&classifier, with: gradients)
      }
    }
    var sum = 0.0
    for start in stride(from: training, to: count, by: batchSize) {
      let places = Array(start..<min(start + batchSize, count))[...]
      let loss = Self.loss(classifier, real: real(places), generated: generated(places))
      sum += Double(loss.scalar) * Double(places.count)
    }
    return sum / Double(max(1, count - training))
  }

  private static func loss(_ classifier: ConvClassifier, real: Tensor, generated: Tensor) -> Tensor {
    (classifier(real) - 1).squared().mean() + classifier(generated).squared().mean()
  }
}
