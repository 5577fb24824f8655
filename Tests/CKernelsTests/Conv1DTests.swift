import CKernels
import Testing

@Suite("Conv1d")
struct Conv1DTests {
  @Test("every variant agrees with the reference", arguments: 0..<16)
  func reference(_ seed: Int) {
    var stream = Stream(UInt64(seed) + 1000)
    let contexts = Context.everyVariant()
    for _ in 0..<30 { expectReference(.random(&stream, isSignal: true), contexts) }
  }

  @Test("three faces of one trilinear form", arguments: 0..<8)
  func trilinear(_ seed: Int) {
    var stream = Stream(UInt64(seed) + 1100)
    let contexts = Context.everyVariant()
    for _ in 0..<30 {
      let trial = ConvTrial.random(&stream, isSignal: true)
      for context in contexts { expectTrilinear(trial, context) }
    }
  }

  @Test("the same bits for 1, 2 and 3 threads", arguments: [false, true])
  func threads(_ best: Bool) {
    var stream = Stream(1200)
    for _ in 0..<12 {
      expectSameBits(
        .random(&stream, isSignal: true, most: 3e6), best ? ck_isa_best() : ck_isa.generic)
    }
  }

  @Test(
    "shapes that networks for sound have",
    arguments: [
      ck_conv2d_geometry.signal(
        batch: 2, frames: 700, inputs: 1, outputs: 24, kernel: 15, padding: (7, 7)),
      .signal(batch: 2, frames: 700, inputs: 24, outputs: 1, kernel: 15, padding: (7, 7)),
      .signal(batch: 3, frames: 501, inputs: 25, outputs: 1, kernel: 1),
      .signal(batch: 2, frames: 501, inputs: 26, outputs: 2, kernel: 1),
      .signal(frames: 40, inputs: 26, outputs: 3, kernel: 1),
      .signal(frames: 40, inputs: 70, outputs: 4, kernel: 3, padding: (1, 1)),
      .signal(batch: 16, frames: 4, inputs: 24, outputs: 37, kernel: 15, padding: (7, 7)),
      .signal(batch: 16, frames: 1, inputs: 24, outputs: 37, kernel: 15, padding: (7, 7)),
      .signal(frames: 16, inputs: 40, outputs: 44, kernel: 15, padding: (7, 7)),
      .signal(frames: 9000, inputs: 4, outputs: 6, kernel: 2, dilation: 4096, padding: (4096, 0)),
      .signal(frames: 3000, inputs: 5, outputs: 6, kernel: 3, dilation: 4096, padding: (8192, 0)),
      .signal(
        batch: 2, frames: 1500, inputs: 8, outputs: 16, kernel: 2, dilation: 512, padding: (512, 0)),
      .signal(
        frames: 700, inputs: 2, outputs: 2, kernel: 15, stride: 4, groups: 2, padding: (7, 7)),
      .signal(frames: 5000, inputs: 16, outputs: 16, kernel: 3, stride: 2),
      .signal(batch: 16, frames: 8, inputs: 60, outputs: 50, kernel: 5, padding: (2, 2)),
      .signal(batch: 2, frames: 1100, inputs: 24, outputs: 25, kernel: 5, padding: (2, 2)),
      .signal(batch: 2, frames: 600, inputs: 25, outputs: 25, kernel: 7, dilation: 16, padding: (96, 0)),
      .signal(batch: 3, frames: 2000, inputs: 25, outputs: 70, kernel: 1),
      .signal(batch: 40, frames: 3, inputs: 16, outputs: 33, kernel: 3, padding: (1, 1)),
      .signal(frames: 64, inputs: 600, outputs: 20, kernel: 3, dilation: 8, padding: (16, 0)),
    ])
  func music(_ g: ck_conv2d_geometry) {
    var stream = Stream(1300)
    let trial = ConvTrial(
      g, isSignal: true, epilogue: (ck_activation.leaky_relu, 0.2, true), stream: &stream)
    expectReference(trial, Context.everyVariant())
    expectSameBits(trial, ck_isa_best())
  }

  @Test(
    "infinities and NaN reach exactly the outputs that read them",
    arguments: [Float.nan, .infinity])
  func hazards(_ value: Float) {
    var stream = Stream(1400)
    let trial = ConvTrial(
      .signal(frames: 60, inputs: 5, outputs: 20, kernel: 3, padding: (1, 1)), isSignal: true,
      stream: &stream)
    trial.inputs[0].pointer[30 * 5 + 2] = value
    for context in Context.everyVariant() {
      let y = trial.output(context).values
      for t in 0..<60 {
        for o in 0..<20 { #expect(y[t * 20 + o].isFinite == !(29...31).contains(t), "\(context)") }
      }
    }
  }

  @Test("tanh saturates at ±1 and the sigmoid at 0 and 1, whatever the sum")
  func saturation() {
    var stream = Stream(1500)
    let g = ck_conv2d_geometry.signal(frames: 33, inputs: 1, outputs: 20, kernel: 1)
    for (activation, low) in [(ck_activation.tanh, Float(-1)), (ck_activation.sigmoid, Float(0))] {
      let trial = ConvTrial(g, isSignal: true, epilogue: (activation, 0, false), stream: &stream)
      for t in 0..<33 { trial.inputs[0].pointer[t] = t % 2 == 0 ? 1e30 : -1e30 }
      for o in 0..<20 { trial.weights.pointer[o] = 1 }
      for context in Context.everyVariant() {
        let y = trial.output(context).values
        #expect(y.indices.allSatisfy { y[$0] == ($0 / 20 % 2 == 0 ? 1 : low) }, "\(context)")
      }
    }
  }
}
