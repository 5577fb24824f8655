/// How all references and estimates of a stretch of a track correlate over 512 lags.
///
/// The stretch is taken in blocks, and what lies outside of it counts as zeros. A block of one signal with zeros on either side, against the same
/// stretch of another signal with its neighbourhood left in, has a circular correlation that does
/// not wrap round for lags from -511 to 511. The products of their spectra are added up over all
/// blocks, in order, and only the sums are transformed back.
struct Correlations {
  /// Taps of a filter; as many lags.
  static let taps = 512
  let sources: Int
  /// Per source.
  let channels: Int
  /// Whether any reference or estimate is silent over the whole stretch.
  let anySilent: Bool
  /// `Σ_t x_a[t] x_b[t + k]` for a ≤ b at `[a][b][k + 511]`, and `Σ_t x_a[t] y_e[t + k]` for
  /// k ≥ 0 at `[a][signals + e][k]`: x are all references' channels, y all estimates'.
  private let values: [[[Double]]]

  /// All channels of all sources.
  var signals: Int { sources * channels }

  /// `Σ_t x_a[t] x_b[t + k]`.
  func references(_ a: Int, _ b: Int, lag k: Int) -> Double {
    a <= b ? values[a][b][k + Self.taps - 1] : values[b][a][Self.taps - 1 - k]
  }

  /// `Σ_t x_a[t] y_e[t + k]` for k from 0 to 511.
  func estimate(_ e: Int, with a: Int) -> [Double] { values[a][signals + e] }

  private static let transformSize = 8192
  private static let margin = taps
  private static let blockFrames = transformSize - 2 * margin
  private static let blocksAtOnce = 8

  init<Source: FrameSource>(
    references: [Source], estimates: [Source], over stretch: Range<Int>
  ) throws(Source.Failure) {
    let sources = references.count
    let channels = references.first?.channels ?? 1
    let frames = stretch.count
    let signals = sources * channels
    let transform = RealTransform(size: Self.transformSize)
    let size = Self.transformSize
    let atOnce = Self.blocksAtOnce
    let stride = transform.stride
    let pitch = 2 * stride

    // Rows: references' stretches, estimates' stretches, references' blocks; columns: blocks.
    let planes = DoubleBuffer(3 * signals * atOnce * size)
    let spectra = DoubleBuffer(3 * signals * atOnce * pitch)
    let pairs = (0..<signals).flatMap { a in (a..<2 * signals).map { (row: a, column: $0) } }
    let sums = DoubleBuffer(pairs.count * pitch)
    let tiles = SpectrumProducts.tiles(stride: stride)

    var isSilent = [Bool](repeating: true, count: 2 * sources)
    for batch in Swift.stride(from: 0, to: frames, by: Self.blockFrames * atOnce) {
      let count = min(atOnce, (frames - batch + Self.blockFrames - 1) / Self.blockFrames)
      for block in 0..<count {
        let start = stretch.lowerBound + batch + block * Self.blockFrames - Self.margin
        for (index, source) in (references + estimates).enumerated() {
          let rows = (0..<channels).map {
            planes.pointer + ((index * channels + $0) * atOnce + block) * size
          }
          try source.copy(start..<start + size, within: stretch, to: rows)
          if isSilent[index] {
            isSilent[index] = SwiftDLAudio.isSilent(rows, frames: size)
          }
        }
      }
      concurrently(3 * signals * count) { index in
        let row = index / count
        let block = index % count
        let plane = planes.pointer + (row * atOnce + block) * size
        if row >= 2 * signals {
          let stretch = planes.pointer + ((row - 2 * signals) * atOnce + block) * size
          (plane + Self.margin).update(from: stretch + Self.margin, count: Self.blockFrames)
        }
        transform.forward(plane, into: spectra.pointer + (row * atOnce + block) * pitch)
      }
      concurrently(tiles.count) { tile in
        for (index, pair) in pairs.enumerated() {
          SpectrumProducts.addCorrelations(
            spectra.pointer + (2 * signals + pair.row) * atOnce * pitch,
            spectra.pointer + pair.column * atOnce * pitch, count: count, pitch: pitch,
            stride: stride, bins: tiles[tile], to: sums.pointer + index * pitch)
        }
      }
    }

    var values = [[[Double]]](
      repeating: [[Double]](repeating: [], count: 2 * signals), count: signals)
    let result = DoubleBuffer(size)
    for (index, pair) in pairs.enumerated() {
      transform.inverse(sums.pointer + index * pitch, into: result.pointer)
      let lowest = pair.column < signals ? 1 - Self.taps : 0
      values[pair.row][pair.column] = (lowest..<Self.taps).map { lag in
        result.pointer[(lag + size) % size] / Double(size)
      }
    }
    self.sources = sources
    self.channels = channels
    self.values = values
    anySilent = isSilent.contains(true)
  }
}
