import CKernels
import Testing

@Suite("Conv2d")
struct Conv2DTests {
  @Test("every variant agrees with the reference", arguments: 0..<10)
  func reference(_ seed: Int) {
    var stream = Stream(UInt64(seed) + 2000)
    let contexts = Context.everyVariant()
    for _ in 0..<30 { expectReference(.random(&stream, isSignal: false), contexts) }
  }

  @Test("three faces of one trilinear form", arguments: 0..<4)
  func trilinear(_ seed: Int) {
    var stream = Stream(UInt64(seed) + 2100)
    let contexts = Context.everyVariant()
    for _ in 0..<30 {
      let trial = ConvTrial.random(&stream, isSignal: false)
      for context in contexts { expectTrilinear(trial, context) }
    }
  }

  @Test("the same bits for 1, 2 and 3 threads")
  func threads() {
    var stream = Stream(2200)
    for _ in 0..<12 {
      expectSameBits(.random(&stream, isSignal: false, most: 3e6), ck_isa_best())
    }
  }

  @Test(
    "shapes of images: discriminators, spectrograms, one pixel",
    arguments: [
      // batch, height, width, in, out, kernel, stride, padding
      (4, 16, 16, 3, 32, 4, 2, 1), (16, 4, 4, 24, 1, 4, 1, 0), (16, 4, 4, 24, 40, 4, 1, 0),
      (2, 24, 20, 1, 16, 5, 2, 2), (1, 1, 1, 24, 40, 1, 1, 0), (8, 2, 2, 20, 30, 3, 1, 1),
      (2, 12, 64, 8, 1, 3, 1, 1),
    ])
  func images(_ s: (Int, Int, Int, Int, Int, Int, Int, Int)) {
    var stream = Stream(2300)
    let g = ck_conv2d_geometry(
      batch: s.0, input_height: s.1, input_width: s.2, input_channels: s.3, output_channels: s.4,
      kernel_height: s.5, kernel_width: s.5, stride_height: s.6, stride_width: s.6,
      dilation_height: 1, dilation_width: 1, groups: 1, pad_top: s.7, pad_bottom: s.7,
      pad_left: s.7,
      pad_right: s.7)
    expectReference(
      ConvTrial(
        g, isSignal: false, epilogue: (ck_activation.leaky_relu, 0.2, true), stream: &stream),
      Context.everyVariant())
  }
}
