import Experiments
import SwiftDL
import Testing

@Suite("Meta-learning of sine waves") struct SinusoidTests {
  @Test(
    "a few hundred updates learn where one step helps",
    arguments: [
      (MetaAlgorithm.maml, false), (.maml, true), (.firstOrder, false), (.anil, false),
    ])
  func oneStepHelps(algorithm: MetaAlgorithm, learnsRates: Bool) {
    var training = SinusoidTraining(algorithm: algorithm, seed: 1)
    training.learnsRates = learnsRates
    training.outerRate = 5e-3
    let before = training.losses(waves: 100, steps: 1)
    for _ in 0..<300 { training.update() }
    let after = training.losses(waves: 100, steps: 5)
    // The head alone can do less.
    #expect(after[1].mean < (algorithm == .anil ? 0.8 : 0.6) * before[1].mean, "\(before) \(after)")
    #expect(after[1].mean < (algorithm == .anil ? 0.95 : 0.75) * after[0].mean, "\(after)")
    // Rates that were learned for one step need not suit more.
    if !learnsRates { #expect(after[5].mean < after[1].mean, "\(after)") }
    let moved = training.rates.values.tensors.contains { $0.scalar != 0.01 }
    #expect(moved == learnsRates)
  }

  @Test("Reptile moves towards where many steps lead") func reptile() {
    var training = SinusoidTraining(algorithm: .reptile, seed: 1)
    training.innerSteps = 10
    training.innerRate = 0.02
    training.outerRate = 5e-3
    let before = training.losses(waves: 100, steps: 10)
    for _ in 0..<200 { training.update() }
    let after = training.losses(waves: 100, steps: 10)
    #expect(after[10].mean < 0.8 * before[10].mean, "\(before[10]) \(after[10])")
  }

  @Test("the same seed gives the same waves and bits") func seeds() {
    func weights(_ seed: Int) -> [[Float]] {
      var training = SinusoidTraining(seed: seed)
      training.tasksPerUpdate = 3
      for _ in 0..<3 { training.update() }
      return training.network.parameters.tensors.map(\.scalars)
    }
    #expect(weights(1) == weights(1))
    #expect(weights(1) != weights(2))
  }
}
