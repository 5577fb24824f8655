import SwiftDL
import TestSupport
import Testing

@Suite struct ConvolutionLayerTests {
  private static let paddings: [Conv1DPadding] = [
    .valid, .same, .causal, .explicit(Padding(before: 2, after: 0)),
    .explicit(Padding(before: -1, after: 1)),
  ]

  private func everyShape(_ body: (_ kernel: Int, _ stride: Int, _ dilation: Int) -> Void) {
    withEvery("kernel", in: 1...4) { kernel in
      withEvery("stride", in: 1...3) { stride in
        withEvery("dilation", in: 1...2) { dilation in body(kernel, stride, dilation) }
      }
    }
  }

  @Test func lengthsAreThoseOfTheOutput() {
    var random = RandomStream(seed: 1)
    everyShape { kernel, stride, dilation in
      withEvery("padding", in: Self.paddings) { padding in
        let layer = Conv1D(
          inputChannels: 1, outputChannels: 2, kernelSize: kernel, stride: stride,
          dilation: dilation,
          padding: padding, random: &random)
        withEvery("frames", in: 1...12) { frames in
          #expect(layer(.ones([1, frames, 1])).shape == [1, layer.outputFrames(frames), 2], trail)
          if padding == .same || padding == .causal {
            #expect(layer.outputFrames(frames) == (frames + stride - 1) / stride, trail)
          }
        }
      }
    }
  }

  @Test func inputFramesIsTheLeastThatSuffices() {
    var random = RandomStream(seed: 2)
    everyShape { kernel, stride, dilation in
      withEvery("padding", in: Self.paddings) { padding in
        let layer = Conv1D(
          inputChannels: 1, outputChannels: 1, kernelSize: kernel, stride: stride,
          dilation: dilation,
          padding: padding, random: &random)
        withEvery("frames", in: 1...8) { frames in
          let needed = layer.inputFrames(for: frames)
          #expect(layer.outputFrames(needed) >= frames, trail)
          if needed > 0 {
            #expect(layer.outputFrames(needed) == frames, trail)
            #expect(layer.outputFrames(needed - 1) < frames, trail)
          }
        }
      }
    }
  }

  /// ⟨conv(x), y⟩ = ⟨x, transposed(y)⟩, and each undoes the other's length.
  @Test func transposedConvolutionIsTheAdjoint() {
    var random = RandomStream(seed: 3)
    everyShape { kernel, stride, dilation in
      withEvery(
        "cropping", in: [Padding.none, Padding(before: 1, after: 0), Padding(before: 0, after: -1)]
      ) {
        cropping in
        let transposed = TransposedConv1D(
          inputChannels: 3, outputChannels: 2, kernelSize: kernel, stride: stride,
          dilation: dilation,
          cropping: cropping, hasBias: false, random: &random)
        let convolution = Conv1D(
          weight: transposed.weight, bias: nil, stride: stride, dilation: dilation,
          padding: .explicit(cropping))
        withEvery("frames", in: [2, 5]) { frames in
          let longer = transposed.outputFrames(frames)
          #expect(convolution.outputFrames(longer) == frames, trail)
          #expect(transposed.outputFrames(transposed.inputFrames(for: longer)) >= longer, trail)
          #expect(transposed.outputFrames(transposed.inputFrames(for: longer) - 1) < longer, trail)
          let (x, y) = (random.normal([2, longer, 2]), random.normal([2, frames, 3]))
          let (forward, back) = (convolution(x), transposed(y))
          #expect(back.shape == x.shape, trail)
          let scale = euclideanNorm(x) * euclideanNorm(back)
          #expect(abs(innerProduct(forward, y) - innerProduct(x, back)) <= 1e-5 * scale, trail)
        }
      }
    }
  }

  @Test func causalOutputsDoNotSeeTheFuture() {
    var random = RandomStream(seed: 4)
    let x = random.normal([1, 12, 2]).tracked()
    withEvery("stride", in: 1...2) { stride in
      let convolution = Conv1D(
        inputChannels: 2, outputChannels: 3, kernelSize: 3, stride: stride, dilation: 2,
        padding: .causal,
        random: &random)
      let gate = GatedUnit(
        inputChannels: 2, channels: 3, kernelSize: 3, stride: stride, dilation: 2, random: &random)
      for y in [convolution(x), gate(x)] {
        withEvery("frame", in: 0..<y.shape[1]) { frame in
          let gradient = gradients(of: y.sliced(axis: 1, frame..<frame + 1), at: [x])[0]
          let now = stride * frame
          #expect(gradient.sliced(axis: 1, now + 1..<12).scalars.allSatisfy { $0 == 0 }, trail)
          #expect(gradient.sliced(axis: 1, now..<now + 1).scalars.allSatisfy { $0 != 0 }, trail)
        }
      }
    }
  }

  @Test func shiftedInputsGiveShiftedOutputs() {
    var random = RandomStream(seed: 5)
    let x = random.normal([2, 20, 2])
    withEvery("stride", in: 1...3) { stride in
      let layer = Conv1D(
        inputChannels: 2, outputChannels: 3, kernelSize: 3, stride: stride, dilation: 2,
        activation: .tanh, random: &random)
      let whole = layer(x)
      expectClose(
        layer(x.sliced(axis: 1, 2 * stride..<20)), whole.sliced(axis: 1, 2..<whole.shape[1]))
    }
  }

  @Test func severalInputsAreOneCroppedConcatenation() {
    var random = RandomStream(seed: 6)
    let parts = [random.normal([2, 11, 2]), random.normal([2, 8, 1]), random.normal([2, 9, 3])]
    let layer = Conv1D(
      inputChannels: 6, outputChannels: 4, kernelSize: 3, stride: 2, padding: .same,
      activation: .leakyReLU(slope: 0.2), random: &random)
    let joined = Tensor.concatenated(parts.map { $0.centerCropped(axis: 1, to: 8) }, axis: 2)
    expectClose(layer(parts), layer(joined))
  }

  /// A 2-D convolution of rows one pixel high is the 1-D one.
  @Test func imagesOneRowHighAreSignals() {
    var random = RandomStream(seed: 7)
    let x = random.normal([2, 9, 2])
    let signals = Conv1D(
      inputChannels: 2, outputChannels: 3, kernelSize: 4, stride: 2, padding: .same,
      activation: .relu,
      initialization: .kaimingUniform, random: &random)
    let images = Conv2D(
      weight: signals.weight.expanded(at: 0), bias: signals.bias, stride: .init(1, 2),
      padding: .same,
      activation: .relu)
    expectClose(images(x.expanded(at: 1)), signals(x).expanded(at: 1))
  }
}
