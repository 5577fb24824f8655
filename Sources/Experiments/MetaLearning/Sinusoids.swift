import Glibc
public import SwiftDL

/// The field's own example: sine waves of amplitudes from 0.1 to 5 and phases from 0 to π, each to be learnt from ten points
/// in -5 … 5 (Finn, Abbeel, Levine, ICML 2017, section 5.1).
public struct SinusoidTraining: Sendable {
  public var algorithm = MetaAlgorithm.maml
  public var innerSteps = 1
  public var innerRate: Float = 0.01
  public var learnsRates = false
  public var outerRate: Float = 1e-3
  public var examples = 10
  public var tasksPerUpdate = 25
  public private(set) var network: Network
  public private(set) var rates: InnerRates
  public private(set) var updates = 0
  private let random: RandomStream
  private var optimizer: Adam
  private var rateOptimizer: Adam

  /// Two hidden layers of 40 with ReLU.
  public struct Network: Module {
    public var hidden: [Dense]
    public var head: Dense

    init(random: RandomStream) {
      var random = random
      hidden = [1, 40].map { Dense(inputChannels: $0, outputChannels: 40, activation: .relu, random: &random) }
      head = Dense(inputChannels: 40, outputChannels: 1, random: &random)
    }

    public mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.modules("hidden", &hidden)
      visit.module("head", &head)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { head(hidden.reduce(x) { $1($0) }) }
  }

  /// One wave.
  struct Wave: Sendable {
    let amplitude: Double
    let phase: Double

    init(_ random: inout RandomStream) {
      amplitude = random.number(in: 0.1..<5)
      phase = random.number(in: 0..<Double.pi)
    }

    func points(_ count: Int, _ random: inout RandomStream) -> (x: Tensor, y: Tensor) {
      let x = random.uniform([count, 1], in: -5..<5)
      return (x, Tensor([count, 1], x.scalars.map { Float(amplitude * sin(Double($0) - phase)) }))
    }
  }

  public init(algorithm: MetaAlgorithm = .maml, seed: Int = 0) {
    self.algorithm = algorithm
    random = RandomStream(seed: UInt64(seed))
    network = Network(random: random.stream("weights"))
    rates = algorithm.rates(0, for: network)
    optimizer = Adam()
    rateOptimizer = Adam()
  }

  /// Makes one update on a batch of waves.
  ///
  /// - Returns: the mean loss after the inner steps, of other points.
  @discardableResult
  public mutating func update() -> Float {
    if updates == 0 {
      rates = algorithm.rates(innerRate, for: network)
      (optimizer, rateOptimizer) = (Adam(learningRate: outerRate), Adam(learningRate: outerRate))
    }
    var (sum, rateSum, loss) = (ParameterValues(), ParameterValues(), Float(0))
    for task in 0..<tasksPerUpdate {
      var random = random.stream("tasks").stream(updates).stream(task)
      let wave = Wave(&random)
      let (support, query) = (wave.points(examples, &random), wave.points(examples, &random))
      let result = algorithm.gradient(
        at: network, InnerLoop(steps: innerSteps, rates: rates), holdsAllSteps: true,
        inner: { model, _, _ in meanSquaredError(model(support.x), support.y) },
        outer: { model, _ in meanSquaredError(model(query.x), query.y) })
      sum += result.parameters
      rateSum += result.rates
      loss += result.loss
    }
    let share = 1 / Float(tasksPerUpdate)
    sum *= share
    optimizer.update(&network, with: sum)
    if learnsRates, algorithm.learnsRates {
      rateSum *= share
      rateOptimizer.update(&rates, with: rateSum)
    }
    updates += 1
    return loss * share
  }

  /// The loss on new waves before any step, after one, and so on: the mean over waves, and half of its confidence interval
  /// of 95 %.
  public func losses(waves: Int, steps: Int) -> [(mean: Double, halfInterval: Double)] {
    var losses = [[Double]](repeating: [], count: steps + 1)
    for index in 0..<waves {
      var random = random.stream("new waves").stream(index)
      let wave = Wave(&random)
      let (support, query) = (wave.points(examples, &random), wave.points(100, &random))
      var model = network
      let loop = InnerLoop(steps: 1, rates: rates)
      for step in 0...steps {
        if step > 0 { model = loop.adapted(model) { model, _, _ in meanSquaredError(model(support.x), support.y) } }
        losses[step].append(Double(meanSquaredError(model(query.x), query.y).scalar))
      }
    }
    return losses.map { values in
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))
      return (mean, 1.96 * (variance / Double(values.count)).squareRoot())
    }
  }
}
