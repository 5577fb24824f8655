import Foundation

/// The loudness of sound over time and frequency, ready to be painted: decibels below a full-scale
/// sine.
public struct SpectrogramPicture: Sendable {
  /// How frequencies are spread from the bottom to the top.
  public enum FrequencyScale: String, Sendable {
    case linear
    /// Nearly linear to 700 Hz and logarithmic above: as far apart as they sound (O'Shaughnessy,
    /// 1987).
    case mel

    func position(_ frequency: Double) -> Double {
      self == .linear ? frequency : log1p(frequency / 700)
    }
    func frequency(at position: Double) -> Double {
      self == .linear ? position : expm1(position) * 700
    }
  }

  public let columns: Int
  public let rows: Int
  /// Column after column, each from the lowest frequency up.
  public let decibels: [Float]
  public let duration: Double
  public let topFrequency: Double
  public let scale: FrequencyScale

  /// The spectrogram of a mono signal.
  ///
  /// - Parameters:
  ///   - samples: Within ±1.
  ///   - rate: Samples per second.
  ///   - topFrequency: Where the picture ends; half the rate if nil.
  ///   - columns: The picture's width; long signals have several frames averaged in each column.
  public init(
    samples: [Float], rate: Double, topFrequency: Double? = nil, scale: FrequencyScale = .mel,
    columns: Int = 600, rows: Int = 160
  ) {
    precondition(
      rate > 0 && !samples.isEmpty, "a spectrogram needs samples and a rate above zero, not \(rate)"
    )
    // Windows of about 46 ms resolve both the notes and the drums.
    let transform = FourierTransform(size: max(64, 1 << Int(log2(rate * 0.046).rounded())))
    let width = min(columns, max(1, samples.count / 32))
    let hop = Double(samples.count) / Double(width)
    let perColumn = max(1, Int((hop / Double(transform.size) * 2).rounded(.up)))
    var powers: [Float] = []
    powers.reserveCapacity(width * (transform.size / 2 + 1))
    for column in 0..<width {
      var mean = [Float](repeating: 0, count: transform.size / 2 + 1)
      for part in 0..<perColumn {
        let center = (Double(column) + (Double(part) + 0.5) / Double(perColumn)) * hop
        let frame = transform.powers(of: samples, from: Int(center) - transform.size / 2)
        for bin in mean.indices { mean[bin] += frame[bin] / Float(perColumn) }
      }
      powers += mean
    }
    self.init(
      powers: powers, frames: width, rate: rate, duration: Double(samples.count) / rate,
      topFrequency: topFrequency, scale: scale, columns: width, rows: rows)
  }

  /// The spectrogram of magnitudes that are there already: `frames × bins`, from 0 Hz to half the
  /// rate, where 1 is a sine of full scale.
  public init(
    magnitudes: [Float], frames: Int, rate: Double, duration: Double, topFrequency: Double? = nil,
    scale: FrequencyScale = .mel, columns: Int = 600, rows: Int = 160
  ) {
    self.init(
      powers: magnitudes.map { $0 * $0 }, frames: frames, rate: rate, duration: duration,
      topFrequency: topFrequency, scale: scale, columns: min(columns, frames), rows: rows)
  }

  private init(
    powers: [Float], frames: Int, rate: Double, duration: Double, topFrequency: Double?,
    scale: FrequencyScale, columns: Int, rows: Int
  ) {
    precondition(
      frames > 0 && powers.count % frames == 0 && powers.count >= 2 * frames,
      "\(powers.count) magnitudes cannot be \(frames) frames of at least 2 bins")
    let bins = powers.count / frames
    let top = min(topFrequency ?? rate / 2, rate / 2)
    let highest = scale.position(top)
    // The places of the rows' edges among the bins, in fractions of a bin.
    let edges = (0...rows).map {
      scale.frequency(at: highest * Double($0) / Double(rows)) / (rate / 2) * Double(bins - 1)
    }
    var decibels = [Float](repeating: 0, count: columns * rows)
    for column in 0..<columns {
      let first = column * frames / columns
      let last = max(first + 1, (column + 1) * frames / columns)
      for row in 0..<rows {
        var sum: Float = 0
        for frame in first..<last {
          sum += Self.power(powers[frame * bins..<(frame + 1) * bins], edges[row], edges[row + 1])
        }
        let mean = sum / Float(last - first)
        decibels[column * rows + row] = mean.isFinite ? 10 * log10(max(mean, 1e-12)) : -120
      }
    }
    self.columns = columns
    self.rows = rows
    self.decibels = decibels
    self.duration = duration
    self.topFrequency = top
    self.scale = scale
  }

  /// The strongest bin of a row; between two bins where the row is narrower than their distance.
  private static func power(_ bins: ArraySlice<Float>, _ low: Double, _ high: Double) -> Float {
    let (first, last) = (Int(low.rounded(.up)), Int(high.rounded(.down)))
    let base = bins.startIndex
    if first <= last { return bins[base + first...min(base + last, bins.endIndex - 1)].max() ?? 0 }
    let place = (low + high) / 2
    let below = min(Int(place), bins.count - 2)
    let weight = Float(place - Double(below))
    return bins[base + below] * (1 - weight) + bins[base + below + 1] * weight
  }

  /// The loudest point.
  public var peak: Float { decibels.max() ?? -120 }

  /// The picture, lowest frequency at the bottom. What lies `range` decibels below `ceiling` and
  /// lower is darkest.
  public func image(ceiling: Float, range: Float = 80, colours: Int = 64) -> PNGImage {
    precondition(range > 0, "a range of \(range) dB has no colours")
    var pixels = [UInt8](repeating: 0, count: columns * rows)
    for column in 0..<columns {
      for row in 0..<rows {
        let share = (decibels[column * rows + row] - ceiling) / range + 1
        let colour = (min(max(share, 0), 1) * Float(colours - 1)).rounded()
        pixels[(rows - 1 - row) * columns + column] = UInt8(colour)
      }
    }
    return PNGImage(width: columns, height: rows, palette: ColourMap.ember(colours), pixels: pixels)
  }
}

/// A spectrogram with its axes: seconds to the right, kilohertz upwards.
public struct SpectrogramChart: Chart {
  public var title: String
  public var spectrogram: SpectrogramPicture
  /// The loudness of the brightest colour; give pictures that shall be compared the same one.
  public var ceiling: Float
  public var range: Float
  public let size = (width: 360.0, height: 208.0)

  public init(title: String, spectrogram: SpectrogramPicture, ceiling: Float? = nil, range: Float = 80) {
    self.title = title
    self.spectrogram = spectrogram
    self.ceiling = ceiling ?? spectrogram.peak
    self.range = range
  }

  public var description: String {
    let length = Figures.short(spectrogram.duration)
    return "spectrogram of \(length) s up to \(Figures.short(spectrogram.topFrequency / 1000)) kHz"
  }

  public var elements: String {
    let plot = PlotArea(
      left: 32, right: size.width - 8, top: 30, bottom: size.height - 22,
      x: ChartScale(0...max(spectrogram.duration, 1e-3), count: 6, rounded: false),
      y: ChartScale(0...1, rounded: false))
    var out = ChartStyle.text(title, x: 0, y: 16, class: "title")
    let picture = spectrogram.image(ceiling: ceiling, range: range).encoded()
    out += Markup.element(
      "image",
      [
        "x": plot.left, "y": plot.top, "width": plot.right - plot.left,
        "height": plot.bottom - plot.top,
        "preserveAspectRatio": "none", "href": Markup.dataURI(picture, type: "image/png"),
      ])
    let highest = spectrogram.scale.position(spectrogram.topFrequency)
    out += ChartStyle.text("kHz", x: plot.left - 7, y: plot.top + 6, anchor: "end")
    for frequency in frequencies {
      let share = spectrogram.scale.position(frequency) / highest
      let y = plot.bottom - share * (plot.bottom - plot.top)
      // The unit has the place at the top.
      if y < plot.top + 16 { continue }
      out += ChartStyle.line(plot.left - 4, y, plot.left, y, class: "axis")
      out += ChartStyle.text(
        Figures.short(frequency / 1000), x: plot.left - 7, y: y + 4, anchor: "end")
    }
    for (index, tick) in plot.x.ticks.enumerated() {
      guard let x = plot.horizontal(tick.value) else { continue }
      out += ChartStyle.line(x, plot.bottom, x, plot.bottom + 4, class: "axis")
      // The last label tells the unit, and gives way to the left.
      let label = index == plot.x.ticks.count - 1 ? tick.label + " s" : tick.label
      let half = ChartStyle.width(of: label) / 2
      out += ChartStyle.text(
        label, x: min(x, size.width - half), y: plot.bottom + 17, anchor: "middle")
    }
    return out
  }

  /// Round frequencies that lie far enough apart.
  private var frequencies: [Double] {
    let candidates: [Double] =
      spectrogram.scale == .linear
      ? ChartScale(0...spectrogram.topFrequency / 1000, count: 5, rounded: false).ticks.map {
        $0.value * 1000
      }
      : [0, 500, 1000, 2000, 4000, 8000, 16000, 32000]
    let highest = spectrogram.scale.position(spectrogram.topFrequency)
    var last = -1.0
    return candidates.filter { frequency in
      let share = spectrogram.scale.position(frequency) / highest
      guard share <= 1.0001, share - last >= 0.085 else { return false }
      last = share
      return true
    }
  }
}
