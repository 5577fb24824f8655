package import SwiftDLModels

extension MetaConfiguration {
  /// Tensors as large as all layers' outputs that one example needs, for a gradient, for the gradient of a step's gradient,
  /// and for that of several steps, each; measured.
  private static let (heldByGradient, heldByStep, heldByEachStep) = (2.1, 11.0, 9.0)

  /// Whether the graphs of all inner steps fit below the limit, and so are kept.
  package func holdsAllSteps(_ shape: UniversalMIRConfiguration) -> Bool {
    Double(predictedBytes(shape, holdingAllSteps: true)) <= 1e6 * inner.memoryLimit
  }

  /// Bytes that an update holds at the most, about.
  package func predictedBytes(_ shape: UniversalMIRConfiguration) -> Int {
    predictedBytes(shape, holdingAllSteps: holdsAllSteps(shape))
  }

  /// The graph of a step, or of all of them, and the weights and slopes after every step.
  private func predictedBytes(_ shape: UniversalMIRConfiguration, holdingAllSteps: Bool) -> Int {
    let example = Double(4 * shape.keptNumbers)
    let judged = Self.heldByGradient * example * Double(query)
    let adapted = example * Double(support)
    let (graphs, copies) =
      switch algorithm {
      case .joint: (Self.heldByGradient * adapted + judged, 2)
      case .reptile: (max(Self.heldByGradient * adapted, judged), 4)
      case .firstOrder: (max(Self.heldByGradient * adapted, judged), 3 + 2 * inner.steps)
      case .maml, .anil:
        holdingAllSteps
          ? (Self.heldByEachStep * adapted * Double(inner.steps) + judged, 3 + 2 * inner.steps)
          : (max(Self.heldByStep * adapted, judged), 3 + 2 * inner.steps)
      }
    return Int(graphs) + 4 * shape.parameterCount * copies
  }
}

extension UniversalMIRConfiguration {
  /// Numbers in the outputs of all layers that the head asks for, of one clip.
  var keptNumbers: Int {
    let top = head.rate == .sample ? 1 : frameLevel + 1
    return (1...levels + 1).reduce(0) { total, level in
      let numbers = (clipSamples >> (level - 1)) * filters * level
      return total + numbers + (level <= levels && level >= top ? numbers : 0)
    }
  }
}
