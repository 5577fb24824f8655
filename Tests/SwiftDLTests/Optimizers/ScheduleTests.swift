import Foundation
import SwiftDL
import TestSupport
import Testing

@Suite struct ScheduleTests {
  let golden = OptimizerTests.golden

  private func rates(_ schedule: some LearningRateSchedule, _ count: Int) -> [Float] {
    (0..<count).map(schedule.learningRate)
  }

  @Test(arguments: [1, 3]) func cosineMatchesPyTorch(multiplier: Int) {
    let expected = golden["cosine-\(multiplier)"].scalars
    let schedule = CosineRestarts(rate: 0.4, minimum: 0.01, period: 7, multiplier: multiplier)
    expectClose(rates(schedule, expected.count), expected, tolerance: 1e-6)
  }

  @Test func warmUpMatchesPyTorch() {
    let expected = golden["warm-up"].scalars
    let cosine = CosineRestarts(rate: 0.4, minimum: 0.01, period: 7)
    let schedule = LinearWarmUp(steps: 5, startingShare: 0.1, followedBy: cosine)
    expectClose(rates(schedule, expected.count), expected, tolerance: 1e-6)
  }

  @Test(arguments: [false, true]) func plateauMatchesPyTorch(higherIsBetter: Bool) {
    let expected = golden[higherIsBetter ? "plateau-max" : "plateau-min"].scalars
    var plateau = PlateauHalving(
      rate: 0.4, patience: 2, threshold: 1e-2, minimum: 0.01, higherIsBetter: higherIsBetter)
    var rates: [Float] = []
    for metric in golden["metrics"].scalars {
      rates.append(plateau.learningRate)
      let before = plateau.learningRate
      #expect(plateau.record(metric) == (plateau.learningRate < before))
    }
    expectClose(rates, expected, tolerance: 1e-6)
    #expect(Set(rates).count > 2, "the metrics must lower the rate for this test to say anything")
  }

  @Test func plateauResumesFromItsCode() throws {
    var whole = PlateauHalving(rate: 1, patience: 1)
    for metric in [3, 2, 2, 2] as [Float] { whole.record(metric) }
    var resumed = try JSONDecoder().decode(
      PlateauHalving.self, from: try JSONEncoder().encode(whole))
    #expect(resumed == whole)
    for metric in [2, .nan, 2, 1, 1, 1] as [Float] {
      whole.record(metric)
      resumed.record(metric)
      #expect(resumed == whole)
    }
    #expect(whole.learningRate == 0.125)
  }

  @Test func constantRateIsConstant() {
    #expect(rates(ConstantRate(0.3), 5) == [0.3, 0.3, 0.3, 0.3, 0.3])
    #expect(LinearWarmUp(steps: 0, followedBy: ConstantRate(2)).learningRate(at: 0) == 2)
  }
}
