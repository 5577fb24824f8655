// One-dimensional convolution: the trilinear form Σ x[t·stride + k·dilation − padding]·w[k]·y[t].
internal import CKernels

/// Zeros before and after a signal; negative numbers crop.
public struct Padding: Sendable, Hashable {
  public let before: Int
  public let after: Int
  public init(before: Int, after: Int) {
    self.before = before
    self.after = after
  }
  public static let none = Padding(before: 0, after: 0)
}

/// Everything about a 1-D convolution except its values.
///
/// y[b, t, o] = Σₖ Σᵢ x[b, t·stride + k·dilation − padding.before, i] · w[k, i, o]. Signals are
/// `[batch, time, channels]`, weights `[kernel, input channels / groups, output channels]`.
public struct Conv1DGeometry: Sendable, Hashable {
  public let batch: Int
  public let inputFrames: Int
  public let inputChannels: Int
  public let outputChannels: Int
  public let kernelSize: Int
  public let stride: Int
  public let dilation: Int
  public let groups: Int
  public let padding: Padding

  public init(
    batch: Int, inputFrames: Int, inputChannels: Int, outputChannels: Int, kernelSize: Int,
    stride: Int = 1, dilation: Int = 1, groups: Int = 1, padding: Padding = .none
  ) {
    require(
      kernelSize > 0 && stride > 0 && dilation > 0 && groups > 0,
      "Conv1D: kernel \(kernelSize), stride \(stride), dilation \(dilation), groups \(groups)")
    require(
      inputChannels % groups == 0 && outputChannels % groups == 0,
      "Conv1D: \(inputChannels) to \(outputChannels) channels in \(groups) groups")
    self.batch = batch
    self.inputFrames = inputFrames
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernelSize = kernelSize
    self.stride = stride
    self.dilation = dilation
    self.groups = groups
    self.padding = padding
  }

  /// Frames of the result: 0 when the input is shorter than the kernel.
  public var outputFrames: Int {
    let free = inputFrames + padding.before + padding.after - dilation * (kernelSize - 1) - 1
    return free < 0 ? 0 : free / stride + 1
  }

  var inputShape: Shape { [batch, inputFrames, inputChannels] }
  var weightShape: Shape { [kernelSize, inputChannels / groups, outputChannels] }
  var outputShape: Shape { [batch, outputFrames, outputChannels] }

  var c: ck_conv1d_geometry {
    ck_conv1d_geometry(
      batch: batch, input_frames: inputFrames, input_channels: inputChannels,
      output_channels: outputChannels, kernel_size: kernelSize, stride: stride, dilation: dilation,
      groups: groups, pad_left: padding.before, pad_right: padding.after)
  }
}

extension Conv1DGeometry: TrilinearForm {
  func contract(solvingFor slot: Slot, _ a: Tensor, _ b: Tensor) -> Tensor {
    switch slot {
    case .y: return Kernels.conv1D(self, [.init(a)], b)
    case .x:
      let x = Tensor(uninitialized: inputShape)
      Kernels.conv1DInputGradient(self, b, a, into: [.init(x)])
      return x
    case .w: return Kernels.conv1DWeightGradient(self, [.init(a)], b)
    }
  }
}

extension Kernels {
  /// Part of a signal in time, or every `step`-th frame of it, from one of its examples on; all its channels.
  struct SignalView {
    let tensor: Tensor
    let start: Int
    let step: Int
    let example: Int
    init(_ tensor: Tensor, start: Int = 0, step: Int = 1, example: Int = 0) {
      (self.tensor, self.start, self.step, self.example) = (tensor, start, step, example)
    }
    private var channels: Int { tensor.shape[2] }
    private var data: UnsafeMutablePointer<Float> {
      tensor.elements + (example * tensor.shape[1] + start) * channels
    }
    var input: ck_signal {
      ck_signal(
        data: data, channels: channels, frame_stride: step * channels,
        batch_stride: tensor.shape[1] * channels)
    }
    var image: ck_image {
      ck_image(
        data: data, channels: channels, pixel_stride: step * channels,
        row_stride: 0, batch_stride: tensor.shape[1] * channels)
    }
    var output: ck_mutable_signal {
      ck_mutable_signal(
        data: data, channels: channels, frame_stride: step * channels,
        batch_stride: tensor.shape[1] * channels)
    }
  }

  /// What a convolution does to its sums before it stores them: dropout(activation(sum + bias)) + residual.
  struct Epilogue {
    var bias: Tensor?
    var activation = Activation.none
    /// tanh of the first half of the sums times sigmoid of the second, in place of the activation.
    var isGated = false
    var dropout: DropoutMask?
    /// Added last; as many frames and channels as the result.
    var residual: SignalView?
    /// Receives sum + bias.
    var sums: Tensor?

    /// For the results from row `row` on, of `channels` numbers a row.
    func c(_ row: Int, _ channels: Int) -> ck_epilogue {
      var c = ck_epilogue()
      c.bias = bias.map { UnsafePointer($0.elements) }
      c.activation = isGated ? .gated : activation.code
      c.slope = activation.slope
      if let dropout {
        (c.dropout, c.dropout_key) = (dropout.probability, dropout.key)
        c.dropout_offset = dropout.position &+ UInt64(row * channels)
      }
      if let residual { c.residual = residual.image }
      if let sums { c.sums = sums.elements + row * sums.shape[2] }
      return c
    }
  }

  static func conv1D(
    _ geometry: Conv1DGeometry, _ inputs: [SignalView], _ weight: Tensor, _ epilogue: Epilogue = .init()
  ) -> Tensor {
    var shape = geometry.outputShape
    if epilogue.isGated { shape[2] /= 2 }
    let y = Tensor(uninitialized: shape)
    conv1D(geometry, inputs, weight, epilogue, into: y, row: 0)
    return y
  }

  /// The same into the rows (frames of all examples) of `y` from `row` on.
  static func conv1D(
    _ geometry: Conv1DGeometry, _ inputs: [SignalView], _ weight: Tensor, _ epilogue: Epilogue,
    into y: Tensor, row: Int
  ) {
    var g = geometry.c
    withExtendedLifetime((inputs, epilogue, y)) {
      var c = epilogue.c(row, y.shape[2])
      require(
        ck_conv1d(
          context, &g, inputs.count, inputs.map(\.input), weight.elements, &c,
          y.elements + row * y.shape[2]))
    }
  }

  /// The input gradient as a layer of its own.
  static func conv1DTransposed(
    _ geometry: Conv1DGeometry, _ x: Tensor, _ weight: Tensor, _ epilogue: Epilogue
  ) -> Tensor {
    var shape = geometry.inputShape
    if epilogue.isGated { shape[2] /= 2 }
    let y = Tensor(uninitialized: shape)
    var g = geometry.c
    withExtendedLifetime(epilogue) {
      var c = epilogue.c(0, shape[2])
      var output = SignalView(y).output
      require(ck_conv1d_transposed(context, &g, x.elements, weight.elements, &c, &output))
    }
    return y
  }

  static func conv1DInputGradient(
    _ geometry: Conv1DGeometry, _ y: Tensor, row: Int = 0, _ weight: Tensor, into outputs: [SignalView]
  ) {
    var g = geometry.c
    require(
      ck_conv1d_input_gradient(
        context, &g, y.elements + row * geometry.outputChannels, weight.elements, outputs.count, outputs.map(\.output)))
  }

  static func conv1DWeightGradient(
    _ geometry: Conv1DGeometry, _ inputs: [SignalView], _ y: Tensor, row: Int = 0
  ) -> Tensor {
    let w = Tensor(uninitialized: geometry.weightShape)
    var g = geometry.c
    withExtendedLifetime(inputs) {
      require(
        ck_conv1d_weight_gradient(
          context, &g, inputs.count, inputs.map(\.input), y.elements + row * geometry.outputChannels, w.elements))
    }
    return w
  }
}

// MARK: - Public faces

/// The convolution of `x` `[batch, time, channels]` with `weight` `[kernel, input channels / groups, output
/// channels]`.
public func conv1D(
  _ x: Tensor, _ weight: Tensor, stride: Int = 1, dilation: Int = 1, groups: Int = 1,
  padding: Padding = .none
) -> Tensor {
  require(
    x.rank == 3 && weight.rank == 3 && weight.shape[1] * groups == x.shape[2],
    "conv1D: a signal of shape \(x.shape) and weights of shape \(weight.shape) in \(groups) groups")
  let geometry = Conv1DGeometry(
    batch: x.shape[0], inputFrames: x.shape[1], inputChannels: x.shape[2],
    outputChannels: weight.shape[2], kernelSize: weight.shape[0], stride: stride, dilation: dilation,
    groups: groups, padding: padding)
  return trilinear(geometry, solvingFor: .y, x, weight)
}

/// The transposed convolution: the gradient of a convolution of this geometry with respect to its input.
/// `y` is `[batch, output frames, output channels]`, the result `[batch, input frames, input channels]`.
public func conv1DInputGradient(_ weight: Tensor, _ y: Tensor, _ geometry: Conv1DGeometry) -> Tensor {
  require(
    y.shape == geometry.outputShape && weight.shape == geometry.weightShape,
    "conv1DInputGradient: shapes \(y.shape) and \(weight.shape) for \(geometry)")
  return trilinear(geometry, solvingFor: .x, weight, y)
}

/// The gradient of a convolution with respect to its weights.
public func conv1DWeightGradient(_ x: Tensor, _ y: Tensor, _ geometry: Conv1DGeometry) -> Tensor {
  require(
    x.shape == geometry.inputShape && y.shape == geometry.outputShape,
    "conv1DWeightGradient: shapes \(x.shape) and \(y.shape) for \(geometry)")
  return trilinear(geometry, solvingFor: .w, x, y)
}
