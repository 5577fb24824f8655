import Glibc
public import SwiftDL
public import SwiftDLModels

/// How fast a network generates, and how much of the memory's speed that takes.
public struct GenerationRate: Sendable {
  /// Frames a second, all rows together.
  public let framesPerSecond: Double
  /// Seconds a frame took, one after the other: the slowest, a cycle's bursts included.
  public let slowestFrame: Double
  /// Bytes of weights read per step.
  public let bytesPerStep: Double
  /// Bytes of all packed weights.
  public let weightBytes: Int
  /// Multiply–adds per frame.
  public let multiplyAddsPerFrame: Double
  /// Bytes of weights per second.
  public let bandwidth: Double

  /// The rate with everything kept that is needed of the past: at least `seconds` of steps, in whole cycles, after one
  /// that is not counted. Symbols go round, vectors are silent; drawing them is not part of it.
  public static func cached(
    _ network: some StreamableNetwork, batch: Int = 1, weights: StreamWeights = .float32, seconds: Double = 1
  ) -> GenerationRate {
    cached(NetworkStream(network.streamProgram(weights: weights), batch: batch, block: 1), seconds: seconds)
  }

  /// The same of a stream that exists: for measurements that take turns.
  public static func cached(_ stream: NetworkStream, seconds: Double) -> GenerationRate {
    let facts = stream.program.facts
    var scores = [Float](repeating: 0, count: stream.batch * facts.outputChannels)
    let frame = [Float](repeating: 0, count: stream.batch * (facts.inputChannels ?? 1))
    var symbols = [Int32](repeating: 0, count: stream.batch)
    func step(_ index: Int) {
      if facts.inputChannels != nil { return stream.step(frame, into: &scores) }
      for row in symbols.indices { symbols[row] = Int32((index + row) % facts.outputChannels) }
      stream.step(symbols, into: &scores)
    }
    for index in 0..<min(facts.cycle, 1024) { step(index) }
    let start = now()
    var (frames, slowest, last) = (0, 0.0, start)
    repeat {
      for index in 0..<max(facts.cycle, 16) {
        step(index)
        let time = now()
        slowest = max(slowest, time - last)
        last = time
      }
      frames += max(facts.cycle, 16)
    } while last - start < seconds
    let rate = Double(frames) / (last - start)
    return GenerationRate(
      framesPerSecond: rate * Double(stream.batch), slowestFrame: slowest, bytesPerStep: facts.bytesPerFrame,
      weightBytes: facts.weightBytes, multiplyAddsPerFrame: facts.multiplyAddsPerFrame,
      bandwidth: rate * facts.bytesPerFrame)
  }

  /// Frames a second when every frame is a whole pass over the network's context.
  public static func naive(_ network: some StreamableNetwork, passes: Int = 3) -> Double {
    let facts = network.facts
    let isPadded = facts.window.input == facts.window.output
    let symbols = network.streamProgram().facts.inputChannels == nil
    let frames = isPadded ? facts.receptiveField.frames : context(of: network)
    let channels = network.streamProgram().facts.inputChannels ?? 1
    let input = Tensor([1, frames, channels], repeating: symbols ? 1 : 0)
    _ = network(input)
    let start = now()
    for _ in 0..<passes { _ = network(input) }
    return Double(passes) / (now() - start)
  }

  /// The shortest window.
  private static func context(of network: any StreamableNetwork) -> Int {
    switch network {
    case let network as SeqUNet: network.configuration.window(forOutputFrames: 1).input
    case let network as SeqUNetResidual: network.configuration.window(forOutputFrames: 1).input
    default: network.facts.receptiveField.frames
    }
  }

  /// Bytes a second at which one core reads `bytes` of memory over and over: what weights of that size could reach.
  public static func readBandwidth(bytes: Int, seconds: Double = 0.3) -> Double {
    let count = max(1, bytes / 4)
    let numbers = Tensor([count], repeating: 1)
    return ComputeContext.$current.withValue(ComputeContext(threads: 1)) {
      _ = numbers.sum()
      let start = now()
      var passes = 0
      repeat {
        _ = numbers.sum()
        passes += 1
      } while now() - start < seconds
      return Double(passes) * Double(count) * 4 / (now() - start)
    }
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
