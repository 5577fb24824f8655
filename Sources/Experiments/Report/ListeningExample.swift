/// One piece of music, taken apart: for every stem what came in, what the model made of it, and
/// what is true.
public struct ListeningExample: Sendable {
  /// A sound with its picture.
  public struct Panel: Sendable {
    public var name: String
    public var clip: AudioClip?
    public var spectrogram: SpectrogramPicture?

    public init(_ name: String, clip: AudioClip? = nil, spectrogram: SpectrogramPicture? = nil) {
      self.name = name
      self.clip = clip
      self.spectrogram = spectrogram
    }

    /// A mono signal as both sound and picture.
    public init(_ name: String, samples: [Float], rate: Int, topFrequency: Double? = nil) {
      self.init(
        name, clip: AudioClip(samples: samples, rate: rate),
        spectrogram: samples.isEmpty
          ? nil : SpectrogramPicture(samples: samples, rate: Double(rate), topFrequency: topFrequency))
    }
  }

  public struct Row: Sendable {
    public var name: String
    public var panels: [Panel]

    /// A row of panels: mixture, estimate, truth.
    public init(_ name: String, _ panels: [Panel]) {
      self.name = name
      self.panels = panels
    }
  }

  public var title: String
  public var note: String
  public var rows: [Row]

  public init(_ title: String, note: String = "", rows: [Row]) {
    self.title = title
    self.note = note
    self.rows = rows
  }

  /// All pictures of an example share the meaning of their colours: they are there to be compared.
  var html: String {
    let peaks = rows.flatMap { $0.panels.compactMap { $0.spectrogram?.peak } }
    let ceiling = peaks.max().map { ($0 / 5).rounded(.up) * 5 }
    var out = Markup.element("h3", [:], Markup.escaped(title))
    if !note.isEmpty { out += Markup.element("p", ["class": "note"], Markup.escaped(note)) }
    for row in rows {
      let panels = row.panels.map { panel -> String in
        var inside = ""
        if let spectrogram = panel.spectrogram {
          let name = row.name.isEmpty ? panel.name : "\(row.name), \(panel.name)"
          inside += SpectrogramChart(title: name, spectrogram: spectrogram, ceiling: ceiling).svg()
        } else {
          inside += Markup.element("figcaption", [:], Markup.escaped("\(row.name), \(panel.name)"))
        }
        if let clip = panel.clip {
          inside += clip.player(label: "\(title), \(row.name), \(panel.name)")
        }
        return Markup.element("figure", [:], inside)
      }
      out +=
        Markup.element("div", ["class": "panels"], "\n" + panels.joined(separator: "\n") + "\n")
        + "\n"
    }
    if let ceiling { out += Self.colourScale(ceiling: Double(ceiling), range: 80) }
    return Markup.element("article", [:], out) + "\n"
  }

  private static func colourScale(ceiling: Double, range: Double) -> String {
    let colours = ColourMap.ember(40)
    var out = ""
    for (index, colour) in colours.enumerated() {
      // A hair wider than its share, so that no seam shows.
      out += Markup.element(
        "rect",
        [
          "x": 70 + Double(index) * 4, "y": 3.0, "width": 4.4, "height": 10.0,
          "fill": colour.hexadecimal,
        ])
    }
    let low = "\(Figures.fixed(ceiling - range, decimals: 0)) dB"
    let high = "\(Figures.fixed(ceiling, decimals: 0)) dB of a full-scale sine"
    out += ChartStyle.text(low, x: 64, y: 12, anchor: "end") + ChartStyle.text(high, x: 237, y: 12)
    return Markup.element(
      "svg",
      [
        "class": "chart colours", "viewBox": "0 0 400 16", "width": 400, "height": 16,
        "role": "img",
        "aria-label": "colours from dark, \(low), to bright, \(high)",
      ], out)
  }
}
