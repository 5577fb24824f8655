internal import CKernels
import Glibc

/// Adam: steps along the mean of the gradients divided by the root of their mean square, both
/// corrected for starting at zero (Kingma and Ba, "Adam: a method for stochastic optimization",
/// 2015).
///
/// Weight decay is added to the gradients; `AdamW` keeps it apart. As in PyTorch, epsilon is added
/// to the corrected root.
public struct Adam: Optimizer {
  public let settings: AdamSettings
  public var state: OptimizerState

  public init(
    learningRate: Float = 1e-3, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    weightDecay: Float = 0
  ) {
    settings = AdamSettings(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
    state = OptimizerState(learningRate: learningRate)
  }

  public mutating func update(_ model: inout some Module, with gradients: ParameterValues) {
    settings.update(&model, with: gradients, state: &state, decoupled: false)
  }
}

/// Adam with decoupled weight decay: p -= rate·decay·p before each step (Loshchilov and Hutter,
/// 2019).
public struct AdamW: Optimizer {
  public let settings: AdamSettings
  public var state: OptimizerState

  public init(
    learningRate: Float = 1e-3, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    weightDecay: Float = 1e-2
  ) {
    settings = AdamSettings(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
    state = OptimizerState(learningRate: learningRate)
  }

  public mutating func update(_ model: inout some Module, with gradients: ParameterValues) {
    settings.update(&model, with: gradients, state: &state, decoupled: true)
  }
}

/// The numbers of Adam that do not change during training.
public struct AdamSettings: Sendable, Hashable {
  /// How slowly the mean of the gradients forgets.
  public let beta1: Float
  /// How slowly the mean of the squared gradients forgets.
  public let beta2: Float
  /// Added to the root, so that a parameter without gradients divides by something.
  public let epsilon: Float
  public let weightDecay: Float

  init(beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float) {
    precondition(
      (0..<1).contains(beta1) && (0..<1).contains(beta2),
      "Adam: betas \(beta1) and \(beta2) are not both in 0..<1")
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  fileprivate func update(
    _ model: inout some Module, with gradients: ParameterValues, state: inout OptimizerState,
    decoupled: Bool
  ) {
    state.step += 1
    // From the betas as the kernel sees them: then the first step is exactly rate·g / (|g| +
    // epsilon).
    let correction1 = Float(1 - pow(Double(beta1), Double(state.step)))
    let correction2 = Float(1 - pow(Double(beta2), Double(state.step)))
    let kernel = ck_adam(
      rate: state.learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, decay: weightDecay,
      correction1: correction1, correction2: correction2, decoupled: decoupled)
    model.forEachParameter(with: gradients) { path, gradient, parameter in
      let first = state.first.positionStartingAtZero(path, gradient.shape)
      let second = state.second.positionStartingAtZero(path, gradient.shape)
      Kernels.adamStep(
        kernel, gradient: gradient, parameter: &parameter,
        first: &state.first.tensors[first], second: &state.second.tensors[second])
    }
  }
}
