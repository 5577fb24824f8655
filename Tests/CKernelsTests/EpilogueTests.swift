import CKernels
import Testing

/// One convolution, or transposed convolution, with everything an epilogue can do, into a view with gaps.
private struct EpilogueTrial {
  let g: ck_conv2d_geometry
  let transposed: Bool
  let isSignal: Bool
  let operand: Guarded
  let weights: Guarded
  let bias: Guarded
  let residual: Guarded
  let pixel: (output: Int, residual: Int)
  var epilogue = ck_epilogue()
  let keepsSums: Bool

  /// Of the sums, and of the output: half as many with a gate.
  var sumChannels: Int { transposed ? g.input_channels : g.output_channels }
  var channels: Int { epilogue.activation == .gated ? sumChannels / 2 : sumChannels }
  var height: Int { transposed ? g.input_height : ck_conv2d_output_height([g]) }
  var width: Int { transposed ? g.input_width : ck_conv2d_output_width([g]) }
  var terms: Int {
    g.kernel_height * g.kernel_width * (transposed ? g.output_channels : g.input_channels) / g.groups
  }
  var signal: ck_conv1d_geometry {
    ck_conv1d_geometry(
      batch: g.batch, input_frames: g.input_width, input_channels: g.input_channels,
      output_channels: g.output_channels, kernel_size: g.kernel_width, stride: g.stride_width,
      dilation: g.dilation_width, groups: g.groups, pad_left: g.pad_left, pad_right: g.pad_right)
  }

  init(_ g: ck_conv2d_geometry, transposed: Bool, isSignal: Bool, _ stream: inout Stream) {
    self.g = g
    self.transposed = transposed
    self.isSignal = isSignal
    let (h, w) = (ck_conv2d_output_height([g]), ck_conv2d_output_width([g]))
    operand = Guarded(
      stream.numbers(
        transposed
          ? g.batch * h * w * g.output_channels
          : g.batch * g.input_height * g.input_width * g.input_channels))
    weights = Guarded(
      stream.numbers(g.kernel_height * g.kernel_width * g.input_channels / g.groups * g.output_channels))
    let sums = transposed ? g.input_channels : g.output_channels
    bias = Guarded(stream.numbers(sums))
    var activations: [ck_activation] = [.none, .relu, .leaky_relu, .tanh, .sigmoid]
    if g.groups == 1 && sums % 2 == 0 { activations += [.gated, .gated, .gated] }
    epilogue.activation = stream.pick(activations)
    epilogue.slope = 0.2
    if stream.chance(2) { epilogue.bias = bias.constant }
    if stream.chance(2) {
      epilogue.dropout = stream.pick([0.05, 0.5, 0.99])
      epilogue.dropout_key = stream.bits()
      epilogue.dropout_offset = stream.bits() >> 3
    }
    let channels = epilogue.activation == .gated ? sums / 2 : sums
    let (rows, columns) = transposed ? (g.input_height, g.input_width) : (h, w)
    pixel = (channels + stream.integer(0...1) * 3, channels + stream.integer(0...1))
    residual = Guarded(stream.numbers(g.batch * rows * columns * pixel.residual))
    if stream.chance(2) {
      epilogue.residual = ck_image(
        data: residual.constant, channels: channels, pixel_stride: pixel.residual,
        row_stride: pixel.residual * columns, batch_stride: pixel.residual * columns * rows)
    }
    keepsSums = stream.chance(2)
  }

  /// The output and the sums, NaN where nothing was written; nil asks the reference.
  func result(_ context: Context?) -> [Guarded] {
    let y = Guarded(count: g.batch * height * width * pixel.output)
    let sums = Guarded(count: g.batch * height * width * sumChannels)
    var e = epilogue
    if keepsSums { e.sums = sums.pointer }
    let frame = pixel.output
    let image = ck_mutable_image(
      data: y.pointer, channels: channels, pixel_stride: frame, row_stride: frame * width,
      batch_stride: frame * width * height)
    let view = ck_mutable_signal(
      data: y.pointer, channels: channels, frame_stride: frame, batch_stride: frame * width)
    let (x, w) = (operand.constant, weights.constant)
    let input = ck_image(
      data: x, channels: g.input_channels, pixel_stride: g.input_channels,
      row_stride: g.input_channels * g.input_width,
      batch_stride: g.input_channels * g.input_width * g.input_height)
    let frames = ck_signal(
      data: x, channels: g.input_channels, frame_stride: g.input_channels,
      batch_stride: g.input_channels * g.input_width)
    switch (transposed, isSignal, context) {
    case (true, true, let context?):
      ck_conv1d_transposed(context.pointer, [signal], x, w, [e], [view])
    case (true, true, nil): ck_conv1d_transposed_reference([signal], x, w, [e], [view])
    case (true, false, let context?): ck_conv2d_transposed(context.pointer, [g], x, w, [e], [image])
    case (true, false, nil): ck_conv2d_transposed_reference([g], x, w, [e], [image])
    case (false, true, let context?):
      ck_conv1d_into(context.pointer, [signal], 1, [frames], w, [e], [view])
    case (false, false, let context?):
      ck_conv2d_into(context.pointer, [g], 1, [input], w, [e], [image])
    case (false, _, nil):
      let dense = Guarded(count: g.batch * height * width * channels)
      if isSignal {
        ck_conv1d_reference([signal], 1, [frames], w, [e], dense.pointer)
      } else {
        ck_conv2d_reference([g], 1, [input], w, [e], dense.pointer)
      }
      for p in 0..<(g.batch * height * width) {
        for c in 0..<channels { y.pointer[p * frame + c] = dense.pointer[p * channels + c] }
      }
    }
    return [y, sums]
  }

  static func random(_ stream: inout Stream, isSignal: Bool) -> EpilogueTrial {
    while true {
      let trial = ConvTrial.random(&stream, isSignal: isSignal, most: 2e5)
      if trial.outputCount == 0 { continue }
      return EpilogueTrial(trial.g, transposed: stream.chance(2), isSignal: isSignal, &stream)
    }
  }
}

@Suite("Epilogues")
struct EpilogueTests {
  private func expectReference(_ trial: EpilogueTrial) {
    let expected = trial.result(nil).map(\.values)
    // Operands are at most 1: so are products, and dropout multiplies what is left of their sum.
    let dropout = trial.epilogue.dropout
    let size = (Float(trial.terms) + 2) * (dropout > 0 && dropout < 1 ? 1 / (1 - dropout) : 1)
    for context in Context.everyVariant() + [Context(ck_isa_best(), threads: 3)] {
      let got = trial.result(context)
      for (name, i) in [("output", 0), ("sums", 1)] {
        let difference = firstDifference(
          got[i].values, expected[i], sizes: expected[i].map { _ in size },
          bound: tolerance(terms: trial.terms) + context.roughness)
        #expect(
          difference == nil,
          "\(name), \(context) \(trial.g) \(trial.epilogue) transposed \(trial.transposed)")
        #expect(got[i].isIntact, "guards of \(name), \(context) \(trial.g)")
      }
    }
  }

  @Test("signals: every variant agrees with the reference", arguments: 0..<10)
  func signals(_ seed: Int) {
    var stream = Stream(UInt64(seed) + 5000)
    for _ in 0..<30 { expectReference(.random(&stream, isSignal: true)) }
  }

  @Test("images: every variant agrees with the reference", arguments: 0..<6)
  func images(_ seed: Int) {
    var stream = Stream(UInt64(seed) + 5100)
    for _ in 0..<30 { expectReference(.random(&stream, isSignal: false)) }
  }

  @Test("dropout drops what ck_random_bernoulli drops, to the bit", arguments: [0.1, 0.5, 0.99] as [Float])
  func dropout(_ p: Float) {
    var stream = Stream(5200)
    for g in [
      ck_conv2d_geometry.signal(batch: 2, frames: 90, inputs: 3, outputs: 24, kernel: 3, padding: (1, 1)),
      .signal(batch: 3, frames: 50, inputs: 5, outputs: 70, kernel: 2, stride: 2),
      .signal(batch: 9, frames: 2, inputs: 4, outputs: 33, kernel: 1),
      .signal(frames: 40, inputs: 6, outputs: 6, kernel: 3, groups: 6),
      .signal(frames: 40, inputs: 6, outputs: 3, kernel: 3),
      .signal(frames: 40, inputs: 6, outputs: 36, kernel: 3, groups: 3),
      .signal(batch: 2, frames: 90, inputs: 40, outputs: 53, kernel: 3),
    ] {
      let trial = ConvTrial(g, isSignal: true, stream: &stream)
      for context in Context.everyVariant() {
        var e = ck_epilogue()
        let plain = Guarded(count: trial.outputCount)
        let dropped = Guarded(count: trial.outputCount)
        let mask = Guarded(count: trial.outputCount)
        let x = [
          ck_signal(
            data: trial.inputs[0].constant, channels: g.input_channels, frame_stride: g.input_channels,
            batch_stride: g.input_channels * g.input_width)
        ]
        ck_conv1d(context.pointer, [trial.signal], 1, x, trial.weights.constant, [e], plain.pointer)
        e.dropout = p
        e.dropout_key = 77
        e.dropout_offset = 1_000_003
        ck_conv1d(context.pointer, [trial.signal], 1, x, trial.weights.constant, [e], dropped.pointer)
        ck_random_bernoulli(
          context.pointer, 77, 1_000_003, trial.outputCount, 1 - p, 1 / (1 - p), mask.pointer)
        let expected = zip(plain.values, mask.values).map { ($0 * $1).bitPattern }
        #expect(dropped.values.map(\.bitPattern) == expected, "\(context) \(g)")
      }
    }
  }

  @Test("an infinity in one of two frames computed together stays out of the other", arguments: [1, 20])
  func pairs(_ inputs: Int) {
    var stream = Stream(5300)
    for outputs in [2, 3, 4, 8, 20, 24] {
      for at in [0, 29, 30, 79] {
        let trial = ConvTrial(
          .signal(frames: 80, inputs: inputs, outputs: outputs, kernel: 5, padding: (2, 2)),
          isSignal: true, stream: &stream)
        trial.inputs[0].pointer[at * inputs] = .infinity
        for context in Context.everyVariant() {
          let y = trial.output(context).values
          for t in 0..<80 {
            for o in 0..<outputs { #expect(y[t * outputs + o].isFinite == (abs(t - at) > 2), "\(context)") }
          }
        }
      }
    }
  }

  @Test("large outputs, which pass the caches by, equal small ones to the bit")
  func large() {
    var stream = Stream(5400)
    let (frames, channels) = (40_000, 64)
    let trial = ConvTrial(
      .signal(frames: frames, inputs: 3, outputs: channels, kernel: 2), isSignal: true, stream: &stream)
    for context in Context.everyVariant() {
      let whole = trial.output(context).values
      let part = ConvTrial(
        .signal(frames: 1000, inputs: 3, outputs: channels, kernel: 2), isSignal: true, stream: &stream)
      for i in 0..<3000 { part.inputs[0].pointer[i] = trial.inputs[0].pointer[i] }
      let small = part.output(context, weights: trial.weights).values
      #expect(Array(whole.prefix(999 * channels)) == Array(small.prefix(999 * channels)), "\(context)")
      #expect(!whole.contains { $0.isNaN }, "\(context)")
    }
  }
}
