import ArgumentParser
import Experiments
import SwiftDL
import SwiftDLModels

struct BenchLive: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "live",
    abstract: "Measure whether `swiftdl live` keeps up: blocks as a sound card gives them, in real time, on one thread.")
  @Option(name: [.short, .long], help: "A trained mask TCN, or a preset.")
  var model = "voice-live"
  @Option(help: "Minutes to go on.")
  var minutes = 1.0
  @Option(help: "Frames of a block.")
  var block = 256
  @OptionGroup var progressOptions: ProgressOptions

  func validate() throws {
    if !(minutes > 0 && minutes <= 1440) { throw ValidationError("--minutes \(minutes): more than 0, at most a day.") }
    if block < 1 || block > 1 << 16 { throw ValidationError("--block \(block): 1 to 65536 are possible.") }
  }

  func run() throws {
    guard let network = try ModelFile.find(model) as? MaskTCN else {
      throw FileError(model, "does not run live", hint: "mask-tcn networks do")
    }
    Interrupt.install()
    let bar = ProgressMeter(total: Int(minutes * 60), label: model, unit: "seconds", style: progressOptions.style)
    let result = ComputeContext.$current.withValue(ComputeContext(threads: 1)) {
      LiveMeasurement(network, minutes: minutes, blockFrames: block) { seconds in
        bar.update(seconds)
        return !Interrupt.requested
      }
    }
    bar.finish()
    func text(_ quantile: Double) -> String { result.milliseconds(quantile: quantile).text(decimals: 3) }
    print(
      """
      \(result.seconds.count) blocks of \(block) frames at \(result.sampleRate) Hz, one every \
      \((1000 * result.secondsPerBlock).text(decimals: 2)) ms; the delay is \(result.latency) frames
      milliseconds a block: half \(text(0.5)), 99 % \(text(0.99)), 99.9 % \(text(0.999)), all \(text(1))
      share of a core \((100 * result.load).text(decimals: 1)) %, blocks late \(result.late) (\(result.lateForTheMachine) of them while the \
      machine did other things), memory grown by \
      \(result.memoryGrowth) bytes
      """)
  }
}
