import CKernels

/// One random convolution: geometry, operands (as views with gaps between them) and its three faces.
///
/// A signal is a trial of height 1, run through the `conv1d` doors.
struct ConvTrial {
  var g: ck_conv2d_geometry
  let isSignal: Bool
  let channels: [Int]  // of the inputs side by side
  let strides: [(pixel: Int, row: Int, batch: Int)]
  let inputs: [Guarded]  // NaN in the gaps
  let weights: Guarded
  let bias: Guarded
  let outputGradient: Guarded
  let epilogue: (activation: ck_activation, slope: Float, biased: Bool)?

  var outputHeight: Int { ck_conv2d_output_height([g]) }
  var outputWidth: Int { ck_conv2d_output_width([g]) }
  var outputCount: Int { g.batch * outputHeight * outputWidth * g.output_channels }
  var weightCount: Int {
    g.kernel_height * g.kernel_width * g.input_channels / g.groups * g.output_channels
  }
  var termsOfOutput: Int { g.kernel_height * g.kernel_width * g.input_channels / g.groups }
  var termsOfInput: Int { g.kernel_height * g.kernel_width * g.output_channels / g.groups }
  var termsOfWeight: Int { g.batch * outputHeight * outputWidth }
  var work: Double {
    Double(g.batch * outputHeight * outputWidth) * Double(termsOfOutput * g.output_channels)
  }
  /// The same as one-dimensional geometry.
  var signal: ck_conv1d_geometry {
    ck_conv1d_geometry(
      batch: g.batch, input_frames: g.input_width, input_channels: g.input_channels,
      output_channels: g.output_channels, kernel_size: g.kernel_width, stride: g.stride_width,
      dilation: g.dilation_width, groups: g.groups, pad_left: g.pad_left, pad_right: g.pad_right)
  }

  init(
    _ g: ck_conv2d_geometry, isSignal: Bool, views: Int = 1, gaps: Bool = false,
    epilogue: (ck_activation, Float, Bool)? = nil, stream: inout Stream
  ) {
    self.g = g
    self.isSignal = isSignal
    self.epilogue = epilogue.map { (activation: $0.0, slope: $0.1, biased: $0.2) }
    var rest = g.input_channels
    var channels: [Int] = []
    for view in 0..<views {
      channels.append(view == views - 1 ? rest : stream.integer(0...rest))
      rest -= channels[view]
    }
    self.channels = channels
    strides = channels.map { c in
      let pixel = c + (gaps ? stream.integer(0...5) : 0)
      let row = pixel * g.input_width + (gaps ? stream.integer(0...7) : 0)
      return (pixel, row, row * g.input_height + (gaps ? stream.integer(0...9) : 0))
    }
    inputs = zip(channels, strides).map { c, stride in
      let buffer = Guarded(count: g.batch * stride.batch)
      for b in 0..<g.batch {
        for y in 0..<g.input_height {
          for x in 0..<g.input_width {
            for i in 0..<c {
              buffer.pointer[b * stride.batch + y * stride.row + x * stride.pixel + i] =
                stream.number()
            }
          }
        }
      }
      return buffer
    }
    let taps = g.kernel_height * g.kernel_width
    weights = Guarded(stream.numbers(taps * g.input_channels / g.groups * g.output_channels))
    bias = Guarded(stream.numbers(g.output_channels))
    let pixels = g.batch * ck_conv2d_output_height([g]) * ck_conv2d_output_width([g])
    outputGradient = Guarded(stream.numbers(pixels * g.output_channels))
  }

  private func images(_ buffers: [Guarded]) -> [ck_image] {
    buffers.indices.map {
      ck_image(
        data: buffers[$0].constant, channels: channels[$0], pixel_stride: strides[$0].pixel,
        row_stride: strides[$0].row, batch_stride: strides[$0].batch)
    }
  }
  private func signals(_ buffers: [Guarded]) -> [ck_signal] {
    buffers.indices.map {
      ck_signal(
        data: buffers[$0].constant, channels: channels[$0], frame_stride: strides[$0].pixel,
        batch_stride: strides[$0].batch)
    }
  }

  /// The convolution; nil asks the reference.
  func output(
    _ context: Context?, inputs given: [Guarded]? = nil, weights: Guarded? = nil,
    finish: Bool = true
  ) -> Guarded {
    let y = Guarded(count: outputCount)
    let w = weights ?? self.weights
    let buffers = given ?? inputs
    var last = ck_epilogue()
    last.bias = epilogue?.biased == true ? bias.constant : nil
    last.activation = epilogue?.activation ?? .none
    last.slope = epilogue?.slope ?? 0
    withUnsafePointer(to: last) { pointer in
      let e = epilogue != nil && finish ? pointer : nil
      switch (isSignal, context) {
      case (true, let context?):
        ck_conv1d(
          context.pointer, [signal], buffers.count, signals(buffers), w.constant, e, y.pointer)
      case (true, nil):
        ck_conv1d_reference([signal], buffers.count, signals(buffers), w.constant, e, y.pointer)
      case (false, let context?):
        ck_conv2d(context.pointer, [g], buffers.count, images(buffers), w.constant, e, y.pointer)
      case (false, nil):
        ck_conv2d_reference([g], buffers.count, images(buffers), w.constant, e, y.pointer)
      }
    }
    return y
  }

  /// The gradient of every input, in views with NaN between them.
  func inputGradients(
    _ context: Context?, outputGradient: Guarded? = nil, weights: Guarded? = nil
  ) -> [Guarded] {
    let dy = outputGradient ?? self.outputGradient
    let w = weights ?? self.weights
    let dx = inputs.map { Guarded(count: $0.count) }
    if isSignal {
      let views = dx.indices.map {
        ck_mutable_signal(
          data: dx[$0].pointer, channels: channels[$0], frame_stride: strides[$0].pixel,
          batch_stride: strides[$0].batch)
      }
      if let context {
        ck_conv1d_input_gradient(
          context.pointer, [signal], dy.constant, w.constant, dx.count, views)
      } else {
        ck_conv1d_input_gradient_reference([signal], dy.constant, w.constant, dx.count, views)
      }
    } else {
      let views = dx.indices.map {
        ck_mutable_image(
          data: dx[$0].pointer, channels: channels[$0], pixel_stride: strides[$0].pixel,
          row_stride: strides[$0].row, batch_stride: strides[$0].batch)
      }
      if let context {
        ck_conv2d_input_gradient(context.pointer, [g], dy.constant, w.constant, dx.count, views)
      } else {
        ck_conv2d_input_gradient_reference([g], dy.constant, w.constant, dx.count, views)
      }
    }
    return dx
  }

  func weightGradient(
    _ context: Context?, inputs given: [Guarded]? = nil, outputGradient: Guarded? = nil
  ) -> Guarded {
    let buffers = given ?? inputs
    let dy = outputGradient ?? self.outputGradient
    let dw = Guarded(count: weightCount)
    switch (isSignal, context) {
    case (true, let context?):
      ck_conv1d_weight_gradient(
        context.pointer, [signal], buffers.count, signals(buffers), dy.constant, dw.pointer)
    case (true, nil):
      ck_conv1d_weight_gradient_reference(
        [signal], buffers.count, signals(buffers), dy.constant, dw.pointer)
    case (false, let context?):
      ck_conv2d_weight_gradient(
        context.pointer, [g], buffers.count, images(buffers), dy.constant, dw.pointer)
    case (false, nil):
      ck_conv2d_weight_gradient_reference(
        [g], buffers.count, images(buffers), dy.constant, dw.pointer)
    }
    return dw
  }

  /// Sizes 0 … 65 and primes, strides 1 … 4, dilations, groups, depthwise, negative, causal and one-sided padding, up
  /// to three inputs with gaps between their frames.
  static func random(_ stream: inout Stream, isSignal: Bool, most work: Double = 4e5) -> ConvTrial {
    while true {
      let sizes = [0, 1, 2, 3, 5, 7, 8, 13, 16, 17, 31, 32, 37, 48, 61, 64, 65]
      var groups = 1
      var input = stream.chance(4) ? stream.integer(0...4) : stream.pick(sizes)
      var output = stream.chance(4) ? stream.integer(0...5) : stream.pick(sizes + [97])
      switch stream.integer(0...5) {
      case 0:
        groups = stream.integer(2...40)
        (input, output) = (groups, groups)
      case 1:
        groups = stream.integer(2...5)
        (input, output) = (groups * stream.integer(1...9), groups * stream.integer(1...20))
      default: break
      }
      let kernel =
        isSignal ? (1, stream.integer(1...9)) : (stream.integer(1...4), stream.integer(1...4))
      let dilation =
        stream.chance(5) && isSignal ? stream.integer(1...80) : stream.integer(1...3)
      var left = stream.integer(-3...9)
      var right = stream.integer(-3...9)
      if stream.chance(3) { (left, right) = ((kernel.1 - 1) * dilation, 0) }
      if stream.chance(9) { left += 70 }
      let g = ck_conv2d_geometry(
        batch: stream.integer(0...5), input_height: isSignal ? 1 : stream.integer(0...9),
        input_width: isSignal && stream.chance(4)
          ? stream.integer(66...400) : stream.integer(0...65),
        input_channels: input, output_channels: output, kernel_height: kernel.0,
        kernel_width: kernel.1, stride_height: isSignal ? 1 : stream.integer(1...3),
        stride_width: stream.integer(1...4), dilation_height: isSignal ? 1 : stream.integer(1...3),
        dilation_width: dilation, groups: groups, pad_top: isSignal ? 0 : stream.integer(-1...3),
        pad_bottom: isSignal ? 0 : stream.integer(-1...3), pad_left: left, pad_right: right)
      // A crop of more than there is has a test of its own: it is refused.
      let crops = [min(0, g.pad_left) + min(0, g.pad_right), min(0, g.pad_top) + min(0, g.pad_bottom)]
      if -crops[0] > g.input_width || -crops[1] > g.input_height { continue }
      let activations = [
        ck_activation.none, ck_activation.relu, ck_activation.leaky_relu, ck_activation.tanh,
        ck_activation.sigmoid,
      ]
      let epilogue =
        stream.chance(4) ? nil : (stream.pick(activations), Float(0.2), stream.chance(2))
      let trial = ConvTrial(
        g, isSignal: isSignal, views: groups > 1 ? 1 : stream.integer(1...3),
        gaps: stream.chance(2),
        epilogue: epilogue, stream: &stream)
      if trial.work <= work { return trial }
    }
  }
}

extension ck_conv2d_geometry {
  /// A signal's geometry.
  static func signal(
    batch: Int = 1, frames: Int, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1,
    dilation: Int = 1, groups: Int = 1, padding: (Int, Int) = (0, 0)
  ) -> ck_conv2d_geometry {
    ck_conv2d_geometry(
      batch: batch, input_height: 1, input_width: frames, input_channels: inputs,
      output_channels: outputs, kernel_height: 1, kernel_width: kernel, stride_height: 1,
      stride_width: stride, dilation_height: 1, dilation_width: dilation, groups: groups,
      pad_top: 0,
      pad_bottom: 0, pad_left: padding.0, pad_right: padding.1)
  }
}
