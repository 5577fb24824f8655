internal import CKernels

/// How a stream keeps its weights. Sums are float32 in all.
public enum StreamWeights: String, CaseIterable, Codable, Sendable {
  case float32
  /// Three bytes: within 2⁻²³ of the largest weight of each sum, which is as exact as float32 sums are.
  case fixed24
  /// Two bytes: each within 2⁻⁸ of itself.
  case bfloat16

  fileprivate var code: ck_stream_weights {
    switch self {
    case .float32: .float32
    case .fixed24: .fixed24
    case .bfloat16: .bfloat16
    }
  }
}

/// The numbers of a stream.
public struct StreamFacts: Sendable, Hashable {
  /// Numbers per input frame; `nil` for symbols.
  public let inputChannels: Int?
  public let outputChannels: Int
  /// Frames after which the same layers are due.
  public let cycle: Int
  /// Bytes of all packed weights.
  public let weightBytes: Int
  /// Bytes of weights read per frame, on average, by one stream that runs frame by frame.
  public let bytesPerFrame: Double
  /// Multiply–adds per frame, likewise.
  public let multiplyAddsPerFrame: Double
}

/// A causal network as an ordered program of layers whose weights are packed once, for `NetworkStream` to run.
///
/// Immutable: any number of streams, on any threads, may share it.
public final class StreamProgram: Sendable {
  nonisolated(unsafe) let handle: OpaquePointer
  public let facts: StreamFacts
  public let weights: StreamWeights

  init(owning handle: OpaquePointer, weights: StreamWeights) {
    self.handle = handle
    self.weights = weights
    var facts = ck_stream_facts()
    require(ck_stream_describe(handle, &facts))
    self.facts = StreamFacts(
      inputChannels: facts.input_channels > 0 ? facts.input_channels : nil,
      outputChannels: facts.output_channels, cycle: facts.cycle, weightBytes: facts.weight_bytes,
      bytesPerFrame: facts.bytes_per_frame, multiplyAddsPerFrame: facts.products_per_frame)
  }

  deinit { ck_stream_destroy(handle) }
}

/// A signal inside a stream.
public struct StreamSignal: Sendable, Hashable {
  let number: Int32
}

/// Describes a network to a stream, layer by layer in the order of computation.
///
///     let builder = StreamBuilder(weights: .float32)
///     var x = builder.values(channels: 88)
///     x = builder.conv([x], layer)
///     let program = builder.finished(x)
///
/// Layers see zeros before the first frame. Strides are kept, paddings and crops do not matter: every output is due
/// when the latest input it depends on is there.
public final class StreamBuilder {
  private var handle: OpaquePointer?
  private let weights: StreamWeights

  public init(weights: StreamWeights = .float32) {
    self.weights = weights
    require(ck_stream_create(Kernels.context, weights.code, &handle))
  }

  deinit { ck_stream_destroy(handle) }

  /// The input, as numbers.
  public func values(channels: Int) -> StreamSignal {
    signal { ck_stream_add_input(handle, channels, $0) }
  }

  /// The input, as symbols that a table `[kernel, symbols, channels]` turns into numbers.
  public func symbols(_ table: Tensor, bias: Tensor? = nil) -> StreamSignal {
    require(table.rank == 3, "StreamBuilder: a table of shape \(table.shape)")
    return signal { number in
      let lookup = ck_stream_lookup(
        symbols: table.shape[1], kernel_size: table.shape[0], channels: table.shape[2], table: table.elements,
        bias: bias?.elements)
      return withUnsafePointer(to: lookup) { ck_stream_add_lookup(handle, $0, number) }
    }
  }

  /// final(activation(convolution of the inputs side by side) + residual).
  ///
  /// - Parameters:
  ///   - isGated: tanh·sigmoid of the sums' halves instead of the layer's own activation.
  ///   - residual: a signal of any rate, whose latest frame is added.
  public func conv(
    _ inputs: [StreamSignal], _ layer: Conv1D, isGated: Bool = false, addedTo residual: StreamSignal? = nil,
    then final: Activation = .none
  ) -> StreamSignal {
    require(layer.groups == 1, "StreamBuilder: a convolution in \(layer.groups) groups")
    var description = description(layer.activation, isGated, residual, final)
    (description.kernel_size, description.stride, description.dilation) =
      (layer.kernelSize, layer.stride, layer.dilation)
    description.sums = layer.outputChannels
    return add(description, inputs, layer.weight, layer.bias)
  }

  /// The transposed convolution, whose outputs come `stride` times as often as its inputs.
  public func transposed(
    _ input: StreamSignal, _ layer: TransposedConv1D, isGated: Bool = false,
    addedTo residual: StreamSignal? = nil, then final: Activation = .none
  ) -> StreamSignal {
    require(
      layer.groups == 1 && layer.dilation == 1,
      "StreamBuilder: a transposed convolution in \(layer.groups) groups with dilation \(layer.dilation)")
    var description = description(layer.activation, isGated, residual, final)
    description.transposed = true
    (description.kernel_size, description.stride, description.dilation) = (layer.kernelSize, layer.stride, 1)
    description.sums = layer.outputChannels
    return add(description, [input], layer.weight, layer.bias)
  }

  /// The program whose output is a signal as frequent as the input. The builder is empty after.
  public func finished(_ output: StreamSignal) -> StreamProgram {
    require(ck_stream_finish(handle, output.number))
    guard let finished = handle else { fatalError("StreamBuilder: finished twice") }
    handle = nil
    return StreamProgram(owning: finished, weights: weights)
  }

  /// What was described, as bytes that `ck_stream_read_program` makes a stream of, in any format, in any program.
  /// CKernels.h says where each byte is.
  ///
  /// - Parameters:
  ///   - output: a signal as frequent as the input.
  ///   - note: text for whoever reads, such as JSON that names the model.
  public func bytes(of output: StreamSignal, note: String) -> [UInt8] {
    var note = note
    return note.withUTF8 { note in
      let size = ck_stream_program_size(handle, note.count)
      return [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
        note.withMemoryRebound(to: CChar.self) { note in
          require(
            ck_stream_write_program(handle, output.number, note.baseAddress, note.count, bytes.baseAddress, size))
        }
        count = size
      }
    }
  }

  private func signal(_ add: (UnsafeMutablePointer<Int32>) -> ck_status) -> StreamSignal {
    var number: Int32 = 0
    require(add(&number))
    return StreamSignal(number: number)
  }

  private func description(
    _ activation: Activation, _ isGated: Bool, _ residual: StreamSignal?, _ final: Activation
  ) -> ck_stream_layer {
    var layer = ck_stream_layer()
    layer.activation = isGated ? .gated : activation.code
    layer.slope = activation.slope
    layer.residual = residual?.number ?? 0
    layer.final_activation = final.code
    return layer
  }

  private func add(
    _ description: ck_stream_layer, _ inputs: [StreamSignal], _ weight: Tensor, _ bias: Tensor?
  ) -> StreamSignal {
    var layer = description
    let numbers = inputs.map(\.number)
    return numbers.withUnsafeBufferPointer { numbers in
      (layer.input_count, layer.inputs) = (numbers.count, numbers.baseAddress)
      (layer.weights, layer.bias) = (UnsafePointer(weight.elements), bias.map { UnsafePointer($0.elements) })
      return withExtendedLifetime((weight, bias)) { signal { ck_stream_add_layer(handle, &layer, $0) } }
    }
  }
}
