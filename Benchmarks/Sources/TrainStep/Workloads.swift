import SwiftDL
import SwiftDLModels

/// A training step to be timed: its name, and what makes it for a batch size (the usual one when absent).
struct Workload {
  let name: String
  let make: (Int?) -> () -> Void
}

@MainActor let workloads = [
  Workload(name: "wave-u-net-m1") { batch in
    let batch = batch ?? 16
    let configuration = WaveUNetConfiguration.m1
    let window = configuration.defaultWindow
    var random = RandomStream(seed: 1)
    let input = random.uniform([batch, window.input, 1], in: -1..<1)
    let target = random.uniform([batch, window.output, 2], in: -1..<1)
    return supervised(WaveUNet(configuration, random: random)) { model, _ in meanSquaredError(model(input), target) }
  },
  Workload(name: "seq-u-net-char") { batch in
    let model = SeqUNet(.char)
    let (input, next) = symbols(batch ?? 16, model.configuration.defaultWindow, of: 50)
    return supervised(model) { model, context in crossEntropy(model(input, context), next) }
  },
  Workload(name: "seq-u-net-audio") { batch in
    let model = SeqUNetResidual(.audio)
    let (input, next) = symbols(batch ?? 2, model.configuration.defaultWindow, of: 256)
    return supervised(model) { model, _ in crossEntropy(model(input), next) }
  },
  Workload(name: "tcn-char") { batch in
    // Windows of 400 symbols, the last 320 scored.
    let (input, next) = symbols(batch ?? 16, WindowLengths(input: 400, output: 320), of: 50)
    return supervised(TCN(.char)) { model, context in
      crossEntropy(model(input, context).sliced(axis: 1, 80..<400), next)
    }
  },
  Workload(name: "wavenet-audio") { batch in
    let model = WaveNet(.audioCropped)
    let (input, next) = symbols(batch ?? 1, model.configuration.defaultWindow, of: 256)
    return supervised(model) { model, _ in crossEntropy(model(input), next) }
  },
  Workload(name: "factor-gan") { batch in
    var networks = FactorGANStep(batch: batch ?? 25)
    return { networks.step() }
  },
]

/// Forward, backward and Adam.
private func supervised<M: Module>(_ model: M, _ loss: @escaping (M, Context) -> Tensor) -> () -> Void {
  var model = model
  var optimizer = Adam(learningRate: 1e-4)
  var random = RandomStream(seed: 7)
  return {
    // As `swiftdl train` does it, and PyTorch's beside it.
    ComputeContext.flushingSubnormals {
      let context = Context(training: true, random: random)
      let gradients = valueAndGradients(of: model) { loss($0, context) }.gradients
      optimizer.update(&model, with: gradients)
      random = context.random
    }
  }
}

/// Windows of random symbols `[batch, frames, 1]` and the symbol after each output frame.
private func symbols(_ batch: Int, _ window: WindowLengths, of count: Int) -> (input: Tensor, next: [Int]) {
  var random = RandomStream(seed: 1)
  var input: [Float] = []
  var next: [Int] = []
  for _ in 0..<batch {
    let row = (0...window.input).map { _ in random.integer(below: count) }
    input += row.dropLast().map(Float.init)
    next += row.suffix(window.output)
  }
  return (Tensor([batch, window.input, 1], input), next)
}

/// One update of FactorGAN's generator of paired digits, with the two updates of each of the four
/// discriminators that go before it.
struct FactorGANStep {
  private var generator = DenseGenerator(DenseGenerator.presets[0].configuration)
  private var generatorAdam = Adam(learningRate: 1e-4, beta1: 0.5)
  /// Of the two digits, of real pairs and of generated pairs.
  private var discriminators: [DenseDiscriminator]
  private var adams = Array(repeating: Adam(learningRate: 1e-4, beta1: 0.5), count: 4)
  private let batch: Int
  private var random = RandomStream(seed: 3)
  private let pairs: Tensor

  init(batch: Int) {
    self.batch = batch
    discriminators = [0, 0, 1, 1].enumerated().map {
      DenseDiscriminator(DenseDiscriminator.presets[$1].configuration, random: RandomStream(seed: UInt64($0)))
    }
    pairs = random.uniform([batch, 1568])
  }

  mutating func step() {
    for _ in 0..<2 {
      for digit in 0..<2 {
        let part = 784 * digit..<784 * (digit + 1)
        let fake = generator(noise()).sliced(axis: 1, part)
        learn(digit, real: pairs.sliced(axis: 1, part), fake: fake)
      }
      learn(2, real: pairs, fake: shuffled(pairs))
      let fake = generator(noise())
      learn(3, real: fake, fake: shuffled(fake))
    }
    let noise = noise()
    let contexts = discriminators.map { _ in Context(training: true) }
    let networks = discriminators
    let gradients = valueAndGradients(of: generator) { generator in
      let pair = generator(noise)
      let upper = networks[0](pair.sliced(axis: 1, 0..<784), contexts[0])
      let lower = networks[1](pair.sliced(axis: 1, 784..<1568), contexts[1])
      let logit = upper + lower + networks[2](pair, contexts[2]) - networks[3](pair, contexts[3])
      return binaryCrossEntropyWithLogits(logit, .ones(logit.shape))
    }.gradients
    generatorAdam.update(&generator, with: gradients)
    for index in discriminators.indices { contexts[index].applyUpdates(to: &discriminators[index]) }
  }

  private mutating func learn(_ index: Int, real: Tensor, fake: Tensor) {
    let context = Context(training: true)
    let gradients = valueAndGradients(of: discriminators[index]) { network in
      let (yes, no) = (network(real, context), network(fake, context))
      return binaryCrossEntropyWithLogits(yes, .ones(yes.shape))
        + binaryCrossEntropyWithLogits(no, .zeros(no.shape))
    }.gradients
    adams[index].update(&discriminators[index], with: gradients)
    context.applyUpdates(to: &discriminators[index])
  }

  private mutating func noise() -> Tensor { random.uniform([batch, 50], in: -1..<1) }

  /// The second digits in another order.
  private mutating func shuffled(_ pairs: Tensor) -> Tensor {
    let lower = pairs.sliced(axis: 1, 784..<1568).gatheredRows(random.permutation(of: batch))
    return .concatenated([pairs.sliced(axis: 1, 0..<784), lower], axis: 1)
  }
}
