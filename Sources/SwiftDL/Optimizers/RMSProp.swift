internal import CKernels

/// RMSProp, as in PyTorch: g += decay·p; v = alpha·v + (1 - alpha)·g²; p -= rate·g / (√v +
/// epsilon).
public struct RMSProp: Optimizer {
  /// How slowly the mean of the squared gradients forgets.
  public let alpha: Float
  public let epsilon: Float
  public let weightDecay: Float
  public var state: OptimizerState

  public init(
    learningRate: Float = 1e-2, alpha: Float = 0.99, epsilon: Float = 1e-8, weightDecay: Float = 0
  ) {
    precondition((0..<1).contains(alpha), "RMSProp: alpha \(alpha) is not in 0..<1")
    self.alpha = alpha
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    state = OptimizerState(learningRate: learningRate)
  }

  public mutating func update(_ model: inout some Module, with gradients: ParameterValues) {
    state.step += 1
    let settings = ck_rmsprop(
      rate: learningRate, alpha: alpha, epsilon: epsilon, decay: weightDecay)
    model.forEachParameter(with: gradients) { path, gradient, parameter in
      let second = state.second.positionStartingAtZero(path, gradient.shape)
      Kernels.rmspropStep(
        settings, gradient: gradient, parameter: &parameter, second: &state.second.tensors[second])
    }
  }
}
