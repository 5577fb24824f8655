import SwiftDL
import SwiftDLModels
import TestSupport
import Testing

@Suite("Detection and separation of singing") struct DetectSeparateTests {
  private func small(frames: Int = 10) -> DetectSeparateConfiguration {
    var configuration = DetectSeparateConfiguration()
    configuration.features = 3
    configuration.levels = 2
    configuration.blockFeatures = 5
    (configuration.frameSize, configuration.hop) = (32, 16)
    configuration.frames = frames
    configuration.sampleRate = 8000
    return configuration
  }

  @Test("the published sizes and the count") func sizes() {
    let network = DetectSeparate(.init())
    #expect(network.parameterCount == 5_813_397)
    #expect(network.configuration.inputSize == (350, 222) && network.configuration.outputSize == (258, 130))
    let logits = network.logits(.zeros([1, 350, 222, 1]))
    #expect(logits.mask.shape == [1, 258, 130, 1] && logits.singing.shape == [1, 130])
    let window = network.configuration.defaultWindow
    #expect(window == WindowLengths(input: 221 * 256 + 512, output: 129 * 256))
  }

  @Test("PyTorch's twin") func twin() throws {
    try expectTwin(DetectSeparate(small()), "detect-separate") { $0($1) }
  }

  @Test("masks and probabilities lie between 0 and 1") func ranges() {
    var random = RandomStream(seed: 4)
    let network = DetectSeparate(small(), random: RandomStream(seed: 21))
    let output = network(random.uniform([2, 38, 30, 1], in: 0..<20))
    #expect(output.shape == [2, 19, 10, 1])
    #expect(output.scalars.allSatisfy { $0 >= 0 && $0 <= 1 })
  }

  @Test("every number of frames that is accepted gives the number that is announced, and no other is accepted")
  func extents() {
    let network = DetectSeparate(small())
    let accepted = (1...60).filter { network.problem(withInput: [1, 38, $0, 1]) == nil }
    #expect(accepted == [22, 26, 30, 34, 38, 42, 46, 50, 54, 58])
    for frames in accepted { #expect(network(.zeros([1, 38, frames, 1])).shape == [1, 19, frames - 20, 1]) }
    // All bins belong together.
    #expect(network.problem(withInput: [1, 42, 30, 1]) != nil)
    for wanted in 1...40 {
      let size = small(frames: wanted)
      #expect(size.outputSize.frames >= wanted && size.outputSize.frames < wanted + 8, "\(wanted)")
      #expect(size.inputSize.frames == size.outputSize.frames + 20)
    }
  }

  @Test("impossible shapes are told in a line") func problems() {
    var configuration = DetectSeparateConfiguration()
    configuration.hop = 128
    #expect(configuration.problem?.contains("hop is 128") == true)
    configuration = .init()
    configuration.levels = 0
    #expect(configuration.problem?.contains("levels") == true)
    configuration = .init()
    configuration.leakySlope = 1
    #expect(configuration.problem?.contains("leakySlope") == true)
  }

  // MARK: - Waveforms

  @Test("voice and music add up to the mixture; windows shifted by the total stride say the same") func waveforms() {
    var random = RandomStream(seed: 6)
    let separator = VoiceSeparator(small(), random: RandomStream(seed: 21))
    let (stride, window) = (separator.configuration.totalStride, separator.configuration.window(forOutputFrames: 400))
    #expect(stride == 64 && separator.configuration.accepts(inputFrames: window.input))
    let signal = random.uniform([1, window.input + stride, 1], in: -0.5..<0.5)
    let first = separator.outputs(signal.sliced(axis: 1, 0..<window.input))
    #expect(first.sources.shape == [1, window.output, 2] && first.singing.shape == [1, window.output / 16 + 1])
    let start = window.contextBefore
    let mixture = signal.sliced(axis: 1, start..<start + window.output)
    expectClose(first.sources.sum(axes: [2], keepingAxes: true), mixture, tolerance: 1e-6)
    let second = separator.outputs(signal.sliced(axis: 1, stride..<stride + window.input))
    let common = window.output - stride
    expectClose(
      first.sources.sliced(axis: 1, stride..<window.output), second.sources.sliced(axis: 1, 0..<common), tolerance: 1e-5)
    expectClose(
      first.singing.sliced(axis: 1, stride / 16..<window.output / 16 + 1),
      second.singing.sliced(axis: 1, 0..<common / 16 + 1), tolerance: 1e-5)
  }

  @Test("a mask of ones gives the mixture back") func openMask() {
    var random = RandomStream(seed: 7)
    var separator = VoiceSeparator(small(), random: RandomStream(seed: 21))
    separator.network.mask.weight = .zeros(separator.network.mask.weight.shape)
    separator.network.mask.bias = Tensor([1], [40])
    let window = separator.configuration.defaultWindow
    let signal = random.uniform([1, window.input, 1], in: -0.5..<0.5)
    let voice = separator(signal).sliced(axis: 2, 0..<1)
    let start = window.contextBefore
    expectClose(voice, signal.sliced(axis: 1, start..<start + window.output), tolerance: 1e-5)
  }

  @Test("it learns two examples by heart") func overfits() {
    var random = RandomStream(seed: 8)
    let input = random.uniform([2, 38, 30, 1], in: 0..<1)
    let target = random.uniform([2, 19, 10, 1], in: 0..<1)
    expectOverfits(DetectSeparate(small(), random: RandomStream(seed: 21)), rate: 1e-2) {
      meanSquaredError($0(input), target)
    }
  }
}
