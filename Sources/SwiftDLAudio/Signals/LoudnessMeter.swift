import CEBUR128

/// How loud a sound is to people, measured block by block in constant memory.
///
/// Source: ITU-R BS.1770 and EBU R 128, by libebur128.
public final class LoudnessMeter {
  private var state: UnsafeMutablePointer<ebur128_state>?
  private let channels: Int

  /// A meter of interleaved sound. What its library cannot measure, more than 64 channels or rates below 16 Hz, has no
  /// loudness.
  public init(channels: Int, sampleRate: Int) {
    self.channels = channels
    let mode = Int32(EBUR128_MODE_I.rawValue | EBUR128_MODE_HISTOGRAM.rawValue)
    if let channels = UInt32(exactly: channels), let rate = UInt(exactly: sampleRate) {
      state = ebur128_init(channels, rate, mode)
    }
  }

  deinit { ebur128_destroy(&state) }

  /// The next samples, whole frames.
  public func add(_ samples: [Float]) {
    guard let state else { return }
    _ = ebur128_add_frames_float(state, samples, samples.count / channels)
  }

  /// The integrated loudness in LUFS of all that was added; nil of silence, and of less than 0.4 s.
  public var integrated: Double? {
    guard let state else { return nil }
    var loudness = 0.0
    return ebur128_loudness_global(state, &loudness) == EBUR128_SUCCESS.rawValue && loudness.isFinite ? loudness : nil
  }
}
