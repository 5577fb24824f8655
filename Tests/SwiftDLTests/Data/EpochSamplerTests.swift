import SwiftDL
import Testing

@Suite struct EpochSamplerTests {
  @Test func everyExampleComesOnceAnEpoch() {
    for (count, size) in [(1, 1), (7, 3), (100, 7), (64, 64)] {
      let sampler = EpochSampler(exampleCount: count, batchSize: size, seed: 3, dropsLast: false)
      for epoch in 0..<4 {
        #expect(sampler.batches(epoch: epoch).flatMap { $0 }.sorted() == Array(0..<count))
      }
    }
  }

  @Test func stepsRunThroughTheEpochs() {
    for dropsLast in [true, false] {
      let sampler = EpochSampler(exampleCount: 23, batchSize: 5, seed: 1, dropsLast: dropsLast)
      #expect(sampler.batchesPerEpoch == (dropsLast ? 4 : 5))
      let expected = (0..<3).flatMap { sampler.batches(epoch: $0) }.map(Array.init)
      #expect(expected.indices.map { Array(sampler.batch(at: $0)) } == expected)
      #expect(expected.allSatisfy { $0.count == 5 } == dropsLast)
    }
  }

  @Test func orderDependsOnSeedAndEpochAlone() {
    let sampler = EpochSampler(exampleCount: 1000, batchSize: 10, seed: 1)
    let same = EpochSampler(exampleCount: 1000, batchSize: 100, seed: 1)
    let other = EpochSampler(exampleCount: 1000, batchSize: 10, seed: 2)
    #expect(sampler.order(epoch: 5) == same.order(epoch: 5))
    #expect(sampler.order(epoch: 5) != other.order(epoch: 5))
    #expect(sampler.order(epoch: 5) != sampler.order(epoch: 6))
    let plain = EpochSampler(exampleCount: 10, batchSize: 4, seed: 1, shuffles: false)
    #expect(plain.batches(epoch: 3) == [[0, 1, 2, 3], [4, 5, 6, 7]])
  }
}
