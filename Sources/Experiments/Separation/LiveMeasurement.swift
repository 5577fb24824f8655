import Glibc
import SwiftDL
public import SwiftDLModels

/// How a live separation keeps up: blocks of noise come as a sound card would give them, and each has to be answered
/// before the next one comes.
public struct LiveMeasurement: Sendable {
  public let latency: Int
  public let sampleRate: Int
  public let blockFrames: Int
  /// Seconds each block took, sorted.
  public let seconds: [Double]
  /// Blocks that were answered after the next one had come.
  public let late: Int
  /// Those of them in which the program had the processor for less than the time there is: the machine was busy elsewhere.
  public let lateForTheMachine: Int
  /// Bytes by which the process' peak memory grew after the first block.
  public let memoryGrowth: Int

  /// The time there is for a block.
  public var secondsPerBlock: Double { Double(blockFrames) / Double(sampleRate) }
  /// The share of one core that it took.
  public var load: Double { seconds.reduce(0, +) / (secondsPerBlock * Double(seconds.count)) }

  /// - Parameters:
  ///   - minutes: how long; in real time.
  ///   - progress: told seconds done; returning false ends it.
  public init(
    _ model: MaskTCN, minutes: Double, blockFrames: Int, progress: (Int) -> Bool = { _ in true }
  ) {
    let separator = LiveSeparator(model)
    let rate = separator.sampleRate
    let blocks = max(1, Int(minutes * 60 * Double(rate)) / blockFrames)
    let count = blockFrames * separator.channels
    var noise = RandomStream(seed: 1)
    let input = noise.uniform([max(count, 1 << 16)], in: -0.5..<0.5).scalars
    let buffers = separator.sources.map { _ in UnsafeMutablePointer<Float>.allocate(capacity: count) }
    defer { buffers.forEach { $0.deallocate() } }
    var seconds = [Double](repeating: 0, count: blocks)
    var (late, lateForTheMachine) = (0, 0)
    let clock = ContinuousClock()
    let interval = Duration.seconds(Double(blockFrames) / Double(rate))
    var began = 0
    let start = clock.now
    var done = 0
    for block in 0..<blocks {
      let due = start + interval * (block + 1)
      while clock.now < due {
        let left = (due - clock.now).seconds
        if left > 0.0003 { usleep(useconds_t((left - 0.0002) * 1e6)) }
      }
      let arrived = clock.now
      let processor = Self.processorSeconds
      input.withUnsafeBufferPointer { samples in
        guard let base = samples.baseAddress else { return }
        separator.process(base + block * 64 % (samples.count - count + 1), frames: blockFrames, into: buffers)
      }
      let finished = clock.now
      seconds[block] = (finished - arrived).seconds
      if finished > due + interval {
        late += 1
        if Self.processorSeconds - processor < interval.seconds { lateForTheMachine += 1 }
      }
      done += 1
      if block == 0 { began = ProcessMemory.peakBytes }
      if block % max(1, rate / blockFrames) == 0, !progress(Int(Double(block * blockFrames) / Double(rate))) { break }
    }
    memoryGrowth = ProcessMemory.peakBytes - began
    (latency, sampleRate, self.blockFrames) = (separator.latency, rate, blockFrames)
    (self.late, self.lateForTheMachine) = (late, lateForTheMachine)
    self.seconds = seconds.prefix(done).sorted()
  }

  /// How long this thread has had a processor.
  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// The time that so many of all blocks did not take longer than, in milliseconds.
  public func milliseconds(quantile: Double) -> Double {
    seconds.isEmpty ? 0 : 1000 * seconds[min(seconds.count - 1, Int(quantile * Double(seconds.count)))]
  }
}
