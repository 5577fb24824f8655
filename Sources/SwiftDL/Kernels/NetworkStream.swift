internal import CKernels

/// A causal network that runs frame by frame: parallel streams of one program, and what they remember.
///
/// A step costs the layers that are due, allocates nothing and builds no graph; a U-Net's levels fire at their own
/// rates. The weights are read once for all rows of the batch. Rows, blocks and single frames give the same bits.
public final class NetworkStream {
  public let program: StreamProgram
  public let batch: Int
  /// Frames that one call of the kernels takes at the most: longer inputs are cut.
  public let block: Int
  private var state: UnsafeMutableRawPointer
  private let size: Int

  /// - Parameters:
  ///   - batch: parallel streams.
  ///   - block: larger ones run through prompts faster and take more memory.
  public init(_ program: StreamProgram, batch: Int = 1, block: Int = 64) {
    require(batch > 0 && block > 0, "NetworkStream: \(batch) streams in blocks of \(block) frames")
    self.program = program
    self.batch = batch
    self.block = block
    size = ck_stream_state_size(program.handle, batch, block)
    require(size > 0, "NetworkStream: \(batch) streams in blocks of \(block) frames are too many")
    state = .allocate(byteCount: size, alignment: 64)
    reset()
  }

  deinit { state.deallocate() }

  /// Bytes of what is remembered.
  public var stateBytes: Int { size }

  /// Forgets everything. The next frame comes at the clock `phase`, modulo the program's cycle.
  public func reset(phase: Int = 0) {
    require(phase >= 0, "NetworkStream: a phase of \(phase)")
    require(ck_stream_start(program.handle, batch, block, phase, state, size))
  }

  /// Another stream at the same moment.
  public func copy() -> NetworkStream {
    let copy = NetworkStream(program, batch: batch, block: block)
    copy.state.copyMemory(from: state, byteCount: size)
    return copy
  }

  /// Runs one symbol per row: the scores `[batch, outputChannels]` of what follows.
  public func step(_ symbols: [Int32], into scores: inout [Float]) {
    require(
      program.facts.inputChannels == nil && symbols.count == batch && scores.count == batch * outputs,
      "NetworkStream: \(symbols.count) symbols into \(scores.count) scores; \(batch) into \(batch * outputs) are due")
    require(ck_stream_process_symbols(program.handle, state, size, 1, symbols, &scores))
  }

  /// Runs one frame `[batch, inputChannels]` of numbers.
  public func step(_ frame: [Float], into outputs: inout [Float]) {
    require(
      program.facts.inputChannels.map { frame.count == batch * $0 } == true && outputs.count == batch * self.outputs,
      "NetworkStream: \(frame.count) numbers into \(outputs.count)")
    require(ck_stream_process(program.handle, state, size, 1, frame, &outputs))
  }

  private var outputs: Int { program.facts.outputChannels }

  /// Runs any number of frames: `[batch, frames, channels]`, or symbol numbers `[batch, frames, 1]`, a number below
  /// zero being no symbol. Returns `[batch, frames, outputChannels]`.
  public func callAsFunction(_ input: Tensor) -> Tensor {
    let parts = cut(input).map { range in
      Tensor(unsafe: [batch, range.count, outputs]) { y in run(input, range, y.baseAddress) }
    }
    return parts.isEmpty ? .zeros([batch, 0, outputs]) : .concatenated(parts, axis: 1)
  }

  /// Runs any number of frames as above for what they leave behind. Cheaper: what only an output needs is left out.
  public func skip(_ input: Tensor) { for range in cut(input) { run(input, range, nil) } }

  private func cut(_ input: Tensor) -> [Range<Int>] {
    let channels = program.facts.inputChannels ?? 1
    require(
      input.rank == 3 && input.shape[0] == batch && input.shape[2] == channels,
      "NetworkStream: an input of shape \(input.shape); [\(batch), frames, \(channels)] is expected")
    return stride(from: 0, to: input.shape[1], by: block).map { $0..<min($0 + block, input.shape[1]) }
  }

  private func run(_ input: Tensor, _ range: Range<Int>, _ y: UnsafeMutablePointer<Float>?) {
    let part = input.sliced(axis: 1, range)
    if program.facts.inputChannels != nil {
      part.withUnsafeBuffer { x in
        require(ck_stream_process(program.handle, state, size, range.count, x.baseAddress, y))
      }
    } else {
      let symbols = part.withUnsafeBuffer { $0.map { Int32($0) } }
      require(ck_stream_process_symbols(program.handle, state, size, range.count, symbols, y))
    }
  }
}
