internal import CKernels

/// Stochastic gradient descent with momentum, as in PyTorch: g += decay·p; v = momentum·v + g; p -=
/// rate·v, or p -= rate·(g + momentum·v) with Nesterov's look ahead.
public struct SGD: Optimizer {
  public let momentum: Float
  public let nesterov: Bool
  public let weightDecay: Float
  public var state: OptimizerState

  public init(
    learningRate: Float, momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0
  ) {
    precondition(momentum >= 0 && momentum < 1, "SGD: momentum \(momentum) is not in 0..<1")
    precondition(!nesterov || momentum > 0, "SGD: Nesterov's look ahead needs momentum")
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    state = OptimizerState(learningRate: learningRate)
  }

  public mutating func update(_ model: inout some Module, with gradients: ParameterValues) {
    state.step += 1
    let settings = ck_sgd(
      rate: learningRate, momentum: momentum, decay: weightDecay, nesterov: nesterov)
    model.forEachParameter(with: gradients) { path, gradient, parameter in
      if momentum == 0 {
        Kernels.sgdStep(settings, gradient: gradient, parameter: &parameter)
      } else {
        let position = state.first.positionStartingAtZero(path, gradient.shape)
        Kernels.sgdStep(
          settings, gradient: gradient, parameter: &parameter,
          velocity: &state.first.tensors[position])
      }
    }
  }
}
