import SwiftDL

/// The smallest model with two parameters and a buffer.
struct TwoTensors: Module {
  var weight: Tensor
  var bias: Tensor
  var statistics = Tensor([0, 0])

  init(seed: UInt64 = 1) {
    var random = RandomStream(seed: seed)
    weight = random.normal([5, 3])
    bias = random.normal([7])
  }

  init(weight: Tensor, bias: Tensor) {
    self.weight = weight
    self.bias = bias
  }

  mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.parameter("weight", &weight)
    visit.parameter("bias", &bias)
    visit.buffer("statistics", &statistics)
  }

  /// Any numbers in the place of gradients: a function of the step alone.
  static func gradients(step: Int) -> ParameterValues {
    var random = RandomStream(seed: 99).stream(step)
    return ParameterValues(
      paths: ["weight", "bias"], tensors: [random.normal([5, 3]), random.normal([7])])
  }
}

/// Every optimiser of the library, under a name.
let everyOptimizer: [(name: String, make: @Sendable () -> any Optimizer)] = [
  ("sgd", { SGD(learningRate: 0.1) }),
  ("sgd-momentum", { SGD(learningRate: 0.1, momentum: 0.9, weightDecay: 0.01) }),
  ("sgd-nesterov", { SGD(learningRate: 0.1, momentum: 0.8, nesterov: true) }),
  ("adam", { Adam(learningRate: 0.01) }),
  (
    "adam-decay",
    { Adam(learningRate: 0.01, beta1: 0.5, beta2: 0.9, epsilon: 1e-4, weightDecay: 0.1) }
  ),
  ("adamw", { AdamW(learningRate: 0.01, weightDecay: 0.1) }),
  ("rmsprop", { RMSProp(learningRate: 0.01) }),
  ("rmsprop-decay", { RMSProp(learningRate: 0.01, alpha: 0.9, epsilon: 1e-3, weightDecay: 0.1) }),
]
