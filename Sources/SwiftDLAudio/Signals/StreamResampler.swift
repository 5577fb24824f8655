import CSoxr

/// Changes the sample rate of a stream of sound that arrives in pieces of any size.
///
/// Linear phase and no delay: output frame `i` is the sound at time `i / to` seconds. All output
/// together has exactly ⌈frames · to / from⌉ frames, and its bits do not depend on how the input
/// was cut. Frequencies up to 0.91 of the lower Nyquist frequency pass unchanged (within 0.01 dB);
/// above the lower Nyquist frequency they are suppressed. Quality is soxr's "very high": computed
/// in double precision, in floats in and out, without dither.
public final class StreamResampler {
  public let inputRate: Int
  public let outputRate: Int
  public let channels: Int
  private let handle: OpaquePointer?
  private var framesIn = 0
  private var framesOut = 0
  private var isFinished = false

  /// A resampler from one rate to another, in frames per second, for interleaved channels.
  public init(from inputRate: Int, to outputRate: Int, channels: Int) {
    precondition(
      inputRate > 0 && outputRate > 0,
      "StreamResampler: \(inputRate) Hz to \(outputRate) Hz; both must be at least 1 Hz")
    precondition(channels > 0, "StreamResampler: \(channels) channels; at least 1 is needed")
    self.inputRate = inputRate
    self.outputRate = outputRate
    self.channels = channels
    if inputRate == outputRate {
      handle = nil
      return
    }
    var error: soxr_error_t?
    var format = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I)
    var quality = soxr_quality_spec(UInt(SOXR_28_BITQ), 0)
    var runtime = soxr_runtime_spec(1)
    handle = soxr_create(
      Double(inputRate), Double(outputRate), UInt32(channels), &error, &format, &quality, &runtime)
    precondition(
      handle != nil,
      "StreamResampler: \(inputRate) Hz to \(outputRate) Hz does not work: "
        + (error.map { String(cString: $0) } ?? "out of memory"))
  }

  deinit { if let handle { soxr_delete(handle) } }

  /// How many frames come out for how many that go in: ⌈frames · to / from⌉.
  public static func outputFrames(_ frames: Int, from inputRate: Int, to outputRate: Int) -> Int {
    (frames * outputRate + inputRate - 1) / inputRate
  }

  /// The output that these interleaved samples complete; all that is left, when they are the last.
  ///
  /// Output lags behind input by the length of the filter, until the last piece brings the rest.
  public func process(_ samples: [Float], isLast: Bool = false) -> [Float] {
    precondition(!isFinished, "StreamResampler.process after the last samples")
    precondition(
      samples.count % channels == 0,
      "StreamResampler: \(samples.count) samples are no whole number of frames of "
        + "\(channels) channels")
    isFinished = isLast
    guard let handle else { return samples }
    framesIn += samples.count / channels
    var output: [Float] = []
    feed(samples, to: handle, into: &output)
    if isLast {
      let expected = Self.outputFrames(framesIn, from: inputRate, to: outputRate)
      // After the end there is silence. As much of it as the last output frame's filter may reach
      // into, then soxr's own flush, brings at least the frames wanted.
      let margin = 2 + 2 * (inputRate / outputRate)
      feed([Float](repeating: 0, count: margin * channels), to: handle, into: &output)
      flush(handle, into: &output)
      let wanted = (expected - framesOut) * channels
      precondition(output.count >= wanted, "StreamResampler: soxr returned too few frames")
      output.removeLast(output.count - wanted)
    }
    framesOut += output.count / channels
    return output
  }

  private func feed(_ samples: [Float], to handle: OpaquePointer, into output: inout [Float]) {
    samples.withUnsafeBufferPointer { buffer in
      guard var input = buffer.baseAddress else { return }
      var remaining = buffer.count / channels
      while remaining > 0 {
        var consumed = 0
        let produced = step(handle, input, remaining, &consumed, into: &output)
        input += consumed * channels
        remaining -= consumed
        precondition(consumed > 0 || produced > 0, "StreamResampler: soxr makes no progress")
      }
    }
  }

  private func flush(_ handle: OpaquePointer, into output: inout [Float]) {
    var consumed = 0
    while step(handle, nil, 0, &consumed, into: &output) > 0 {}
  }

  /// One call of the library, appending at most a block of output; returns the frames appended.
  private func step(
    _ handle: OpaquePointer, _ input: UnsafePointer<Float>?, _ frames: Int, _ consumed: inout Int,
    into output: inout [Float]
  ) -> Int {
    let blockFrames = max(1, 32768 / channels)
    var produced = 0
    let block = [Float](unsafeUninitializedCapacity: blockFrames * channels) { buffer, count in
      let error = soxr_process(
        handle, input, frames, &consumed, buffer.baseAddress, blockFrames, &produced)
      precondition(error == nil, "StreamResampler: soxr failed")
      count = produced * channels
    }
    output += block
    return produced
  }
}

extension AudioBuffer {
  /// The same sound at another sample rate: ⌈frames · rate / sampleRate⌉ frames, without delay.
  public func resampled(to rate: Int) -> AudioBuffer {
    if rate == sampleRate { return self }
    let resampler = StreamResampler(from: sampleRate, to: rate, channels: channels)
    return AudioBuffer(
      samples: resampler.process(samples, isLast: true), channels: channels, sampleRate: rate)
  }
}
