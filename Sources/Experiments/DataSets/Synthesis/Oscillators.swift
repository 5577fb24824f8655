/// The parts instruments are built of.
///
/// Only additions, multiplications, divisions and comparisons: no function of the system's
/// mathematics library, whose last bits differ between processors. So a seed gives the same samples
/// everywhere.
enum Tone {
  /// sin(2π · turns); error below 1e-7.
  static func sine(_ turns: Double) -> Double {
    var x = turns - turns.rounded()
    if x > 0.25 { x = 0.5 - x } else if x < -0.25 { x = -0.5 - x }
    let z = 2 * Double.pi * x
    let s = z * z
    // Taylor's series to z^13, by Horner.
    return z
      * (1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72 * (1 - s / 110 * (1 - s / 156))))))
  }

  static func cosine(_ turns: Double) -> Double { sine(turns + 0.25) }

  /// The frequency of a MIDI note in Hz (69 is 440 Hz); fractions are interpolated within the
  /// semitone.
  static func frequency(note: Double) -> Double {
    let semitone = 1.059_463_094_359_295_3
    let steps = Int(note.rounded(.down)) - 69
    var ratio = 1.0
    for _ in 0..<abs(steps) { ratio *= semitone }
    let whole = steps < 0 ? 440 / ratio : 440 * ratio
    return whole * (1 + (note - note.rounded(.down)) * (semitone - 1))
  }

  /// The factor per sample of a decay to 1/e in `seconds` (first order in 1 / (seconds · rate)).
  static func decay(_ seconds: Double, _ rate: Double) -> Double {
    1 - 1 / max(1, seconds * rate)
  }
}

/// White noise in [-1, 1).
struct Noise {
  private var hash: CounterHash
  private var counter: UInt64 = 0

  init(_ hash: CounterHash) { self.hash = hash }

  mutating func next() -> Double {
    counter += 1
    return hash.with(counter).unit * 2 - 1
  }
}

/// A sawtooth whose steps are rounded over one sample each side (polyBLEP: Välimäki & Huovilainen
/// 2007).
struct Saw {
  var phase: Double

  mutating func next(_ step: Double) -> Double {
    phase += step
    if phase >= 1 { phase -= 1 }
    var value = 2 * phase - 1
    if phase < step {
      let t = phase / step
      value -= 2 * t - t * t - 1
    } else if phase > 1 - step {
      let t = (phase - 1) / step
      value -= t * t + 2 * t + 1
    }
    return value
  }
}

/// A two-pole resonance with unit gain at 0 Hz (Klatt 1980).
struct Resonator {
  private var a = 1.0
  private var b = 0.0
  private var c = 0.0
  private var y1 = 0.0
  private var y2 = 0.0

  /// Sets centre and bandwidth in Hz; the state stays.
  mutating func tune(_ frequency: Double, bandwidth: Double, rate: Double) {
    // (1 - h) / (1 + h) is exp(-2h) to second order.
    let h = Double.pi * bandwidth / rate / 2
    let radius = (1 - h) / (1 + h)
    c = -radius * radius
    b = 2 * radius * Tone.cosine(min(frequency / rate, 0.45))
    a = 1 - b - c
  }

  mutating func next(_ x: Double) -> Double {
    let y = a * x + b * y1 + c * y2
    y2 = y1
    y1 = y
    return y
  }
}

/// A state-variable filter: low and high pass of two poles (Chamberlin's form, stable below rate /
/// 6).
struct StateVariableFilter {
  private(set) var low = 0.0
  private(set) var band = 0.0
  private(set) var high = 0.0

  mutating func next(_ x: Double, cutoff: Double, damping: Double, rate: Double) {
    let f = 2 * Tone.sine(min(cutoff / rate, 1.0 / 6.5) / 2)
    low += f * band
    high = x - low - damping * band
    band += f * high
  }
}

/// A stereo signal that instruments add to.
struct StereoTrack {
  let rate: Double
  private(set) var samples: [Double]
  var frames: Int { samples.count / 2 }

  init(frames: Int, rate: Double) {
    self.rate = rate
    samples = [Double](repeating: 0, count: 2 * frames)
  }

  /// Adds a value at a place between left (-1) and right (1), of constant amplitude sum.
  mutating func add(_ value: Double, at frame: Int, pan: Double = 0) {
    guard frame >= 0 && frame < frames else { return }
    samples[2 * frame] += value * (1 - pan) / 2
    samples[2 * frame + 1] += value * (1 + pan) / 2
  }

  /// Adds a few early reflections, different left and right, so that a source in the middle has a
  /// width.
  mutating func addReflections(gain: Double) {
    let dry = samples
    for (milliseconds, left, right) in [
      (11.0, 1.0, 0.2), (17.0, 0.2, 1.0), (29.0, 0.6, -0.5), (37.0, -0.5, 0.6),
    ] {
      let delay = Int(milliseconds * rate / 1000)
      guard delay < frames else { continue }
      for frame in delay..<frames {
        let middle = (dry[2 * (frame - delay)] + dry[2 * (frame - delay) + 1]) / 2
        samples[2 * frame] += gain * left * middle
        samples[2 * frame + 1] += gain * right * middle
      }
    }
  }

  /// Scales the signal to a root mean square, unless it is silent.
  mutating func normalise(rms target: Double) {
    let energy = samples.reduce(0) { $0 + $1 * $1 }
    guard energy > 0 else { return }
    let gain = target / (energy / Double(samples.count)).squareRoot()
    for index in samples.indices { samples[index] *= gain }
  }
}
