// One training step (forward, loss, backward, Adam) of a Wave-U-Net preset, step by step as JSON lines.
//
// Usage: TrainStep [PRESET] [BATCH] [OUTPUT FRAMES] [STEPS]; SWIFTDL_THREADS sets the threads.
// Each line read from standard input starts a step, so that a driver can alternate with a peer.
import Foundation
import SwiftDL
import SwiftDLModels

let arguments = CommandLine.arguments
let preset = arguments.count > 1 ? arguments[1] : "wave-u-net-m1"
let batch = arguments.count > 2 ? Int(arguments[2]) ?? 16 : 16
let frames = arguments.count > 3 ? Int(arguments[3]) ?? 16384 : 16384
guard let configuration = WaveUNetConfiguration.presets.first(where: { $0.name == preset })?.configuration
else {
  FileHandle.standardError.write(Data("no preset is called \(preset)\n".utf8))
  exit(1)
}

let window = configuration.window(forOutputFrames: frames)
var random = RandomStream(seed: 1)
let input = random.uniform([batch, window.input, configuration.channels], in: -1..<1)
let target = random.uniform(
  [batch, window.output, configuration.channels * configuration.sources.count], in: -1..<1)
var model = WaveUNet(configuration, random: random)
var optimizer = Adam(learningRate: 1e-4)

while let line = readLine() {
  let forwardOnly = line == "forward"
  MemoryStatistics.resetPeak()
  let clock = ContinuousClock()
  let duration = clock.measure {
    if forwardOnly {
      _ = model(input)
    } else {
      let gradients = valueAndGradients(of: model) { meanSquaredError($0(input), target) }.gradients
      optimizer.update(&model, with: gradients)
    }
  }
  let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  print(#"{"seconds": \#(seconds), "peak_tensor_mb": \#(MemoryStatistics.current.peak >> 20)}"#)
  fflush(nil)
}
