import Experiments
import SwiftDL
import SwiftDLModels
import Testing

@Suite("Live separation")
struct LiveSeparatorTests {
  private func network(_ lookahead: Int, hop: Int) -> MaskTCN {
    var c = MaskTCNConfiguration.tiny
    (c.channels, c.lookahead, c.hop, c.sources) = (2, lookahead, hop, ["a", "b", "rest"])
    return MaskTCN(c, random: RandomStream(seed: 7))
  }

  private func live(_ model: MaskTCN, _ mixture: [Float], blocks: [Int]) -> [[Float]] {
    let separator = LiveSeparator(model)
    let latency = separator.latency
    let input = mixture + [Float](repeating: 0, count: latency * 2)
    var outputs = separator.sources.map { _ in [Float]() }
    var (start, turn) = (0, 0)
    while start < input.count / 2 {
      let count = min(blocks[turn % blocks.count], input.count / 2 - start)
      turn += 1
      let buffers = outputs.map { _ in UnsafeMutablePointer<Float>.allocate(capacity: 2 * count) }
      input.withUnsafeBufferPointer { separator.process($0.baseAddress! + 2 * start, frames: count, into: buffers) }
      for (index, buffer) in buffers.enumerated() {
        outputs[index] += UnsafeBufferPointer(start: buffer, count: 2 * count)
        buffer.deallocate()
      }
      start += count
    }
    return outputs
  }

  @Test("what comes out is what the whole file gives, later by the latency", arguments: [0, 1, 3], [16, 8])
  func equalsFile(lookahead: Int, hop: Int) {
    let model = network(lookahead, hop: hop)
    var random = RandomStream(seed: 3)
    let mixture = random.uniform([2 * 1234], in: -1..<1).scalars
    let stream = SeparationStream(model, channels: 2, sampleRate: 8000, tileFrames: 100)
    let whole = stream.process(mixture, isLast: true)
    let latency = LiveSeparator(model).latency
    #expect(latency == 31 + lookahead * hop)
    let outputs = live(model, mixture, blocks: [64])
    for (output, expected) in zip(outputs, whole) {
      let late = output.dropFirst(2 * latency)
      #expect(late.count == expected.count)
      let error = zip(late, expected).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      #expect(error < 1e-5, "\(error)")
    }
  }

  @Test("blocks of any size give the same bits")
  func blocks() {
    let model = network(2, hop: 16)
    var random = RandomStream(seed: 9)
    let mixture = random.uniform([2 * 700], in: -1..<1).scalars
    let one = live(model, mixture, blocks: [1])
    for blocks in [[7, 33, 1], [128], [4096]] { #expect(live(model, mixture, blocks: blocks) == one) }
  }

  @Test("a measurement in real time counts its blocks")
  func measurement() {
    let result = LiveMeasurement(network(0, hop: 16), minutes: 0.002, blockFrames: 80)
    #expect(result.seconds.count == 12 && result.secondsPerBlock == 0.01 && result.load > 0)
    #expect(result.milliseconds(quantile: 0.5) <= result.milliseconds(quantile: 1))
  }
}
