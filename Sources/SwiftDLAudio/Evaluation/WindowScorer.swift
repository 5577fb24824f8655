/// Energies of the parts of an estimate within a window, summed over channels.
struct WindowEnergies {
  /// The true source; what its own filters make; what all filters make.
  var source = 0.0, own = 0.0, all = 0.0
  /// Estimate - source, own - source, all - own, estimate - all, estimate - own.
  var distortion = 0.0, spatial = 0.0, interference = 0.0, artifacts = 0.0, unexplained = 0.0

  static func += (left: inout WindowEnergies, right: WindowEnergies) {
    left.source += right.source
    left.own += right.own
    left.all += right.all
    left.distortion += right.distortion
    left.spatial += right.spatial
    left.interference += right.interference
    left.artifacts += right.artifacts
    left.unexplained += right.unexplained
  }

  /// What makes every score undefined.
  static let undefined = WindowEnergies(
    source: .nan, own: .nan, all: .nan, distortion: .nan, spatial: .nan, interference: .nan,
    artifacts: .nan, unexplained: .nan)
}

/// Splits estimates into their parts, window by window, and measures those.
///
/// A window is filtered in blocks of 7680 frames by overlap-save, with zeros before and after it.
/// Blocks are independent; their energies are added up in order.
struct WindowScorer {
  private static let transformSize = 8192
  private static let margin = Correlations.taps
  private static let blockFrames = transformSize - margin
  /// Blocks that share a pass over the filters, and how many such groups are in memory at once.
  private static let groupBlocks = 4, groups = 4

  private struct Block {
    let window: Int
    let frames: Range<Int>
    /// Where the block's output begins, and how much of it there is, tail included.
    let start: Int, count: Int
  }

  private let sources: Int
  private let channels: Int
  private let transform: RealTransform
  /// Spectra of all filters, `[e][a]`, and of own filters, scaled for the unnormalised inverse.
  private let allFilters: DoubleBuffer
  private let ownFilters: DoubleBuffer
  private let blocks: [Block]
  private let windows: Int

  /// - Parameter windows: ranges of frames to score.
  init(_ filters: DistortionFilters, windows: [Range<Int>]) {
    sources = filters.sources
    channels = filters.channels
    transform = RealTransform(size: Self.transformSize)
    allFilters = Self.spectra(filters.all, transform)
    ownFilters = Self.spectra(filters.own, transform)
    blocks = windows.enumerated().flatMap(Self.blocks)
    self.windows = windows.count
  }

  private static func spectra(_ filters: [[[Double]]], _ transform: RealTransform) -> DoubleBuffer {
    let pitch = 2 * transform.stride
    let flat = filters.flatMap { $0 }
    let result = DoubleBuffer(flat.count * pitch)
    let plane = DoubleBuffer(transform.size)
    for (index, filter) in flat.enumerated() {
      for (tap, value) in filter.enumerated() {
        plane.pointer[tap] = value / Double(transform.size)
      }
      transform.forward(plane.pointer, into: result.pointer + index * pitch)
    }
    return result
  }

  private static func blocks(window: Int, frames: Range<Int>) -> [Block] {
    let output = frames.count + Correlations.taps - 1
    return stride(from: 0, to: output, by: blockFrames).map { offset in
      Block(
        window: window, frames: frames, start: frames.lowerBound + offset,
        count: min(blockFrames, output - offset))
    }
  }

  /// Per window, per target: the energies, or `undefined` where anything is silent.
  func energies<Source: FrameSource>(
    references: [Source], estimates: [Source]
  ) throws(Source.Failure) -> [[WindowEnergies]] {
    let size = Self.transformSize
    let signals = sources * channels
    let atOnce = Self.groupBlocks * Self.groups
    let planes = DoubleBuffer(atOnce * 2 * signals * size)
    let workspaces = (0..<Self.groups).map { _ in
      Workspace(signals: signals, channels: channels, transform: transform)
    }
    var totals = [[WindowEnergies]](
      repeating: [WindowEnergies](repeating: WindowEnergies(), count: sources), count: windows)
    var isSilent = [[Bool]](
      repeating: [Bool](repeating: true, count: 2 * sources), count: windows)

    for first in stride(from: 0, to: blocks.count, by: atOnce) {
      let batch = blocks[first..<min(first + atOnce, blocks.count)]
      for (slot, block) in batch.enumerated() {
        let start = block.start - Self.margin
        for (index, source) in (references + estimates).enumerated() {
          let rows = (0..<channels).map {
            planes.pointer + (slot * 2 * signals + index * channels + $0) * size
          }
          try source.copy(start..<start + size, within: block.frames, to: rows)
          if isSilent[block.window][index] {
            isSilent[block.window][index] = SwiftDLAudio.isSilent(rows, frames: size)
          }
        }
      }
      var energies = [WindowEnergies](repeating: WindowEnergies(), count: batch.count * sources)
      energies.withUnsafeMutableBufferPointer { energies in
        nonisolated(unsafe) let energies = energies
        concurrently((batch.count + Self.groupBlocks - 1) / Self.groupBlocks) { group in
          let slots = group * Self.groupBlocks..<min((group + 1) * Self.groupBlocks, batch.count)
          measure(
            slots.map { (planes.pointer + $0 * 2 * signals * size, batch[first + $0].count) },
            with: workspaces[group]
          ) { block, source, energy in
            energies[(slots.lowerBound + block) * sources + source] = energy
          }
        }
      }
      for (slot, block) in batch.enumerated() {
        for source in 0..<sources {
          totals[block.window][source] += energies[slot * sources + source]
        }
      }
    }
    for window in 0..<windows where isSilent[window].contains(true) {
      totals[window] = [WindowEnergies](repeating: .undefined, count: sources)
    }
    return totals
  }

  /// Buffers of one group of blocks.
  private final class Workspace {
    let spectra: DoubleBuffer
    let products: DoubleBuffer
    let own: DoubleBuffer
    let all: DoubleBuffer

    init(signals: Int, channels: Int, transform: RealTransform) {
      let pitch = 2 * transform.stride
      let blocks = WindowScorer.groupBlocks
      spectra = DoubleBuffer(blocks * signals * pitch)
      products = DoubleBuffer(2 * blocks * pitch)
      own = DoubleBuffer(transform.size)
      all = DoubleBuffer(transform.size)
    }
  }

  private func measure(
    _ blocks: [(planes: UnsafeMutablePointer<Double>, count: Int)], with workspace: Workspace,
    report: (_ block: Int, _ source: Int, WindowEnergies) -> Void
  ) {
    let size = Self.transformSize
    let signals = sources * channels
    let stride = transform.stride
    let pitch = 2 * stride
    let spectra = workspace.spectra.pointer
    let products = workspace.products.pointer
    for (index, block) in blocks.enumerated() {
      for signal in 0..<signals {
        transform.forward(
          block.planes + signal * size, into: spectra + (index * signals + signal) * pitch)
      }
    }
    for source in 0..<sources {
      var energies = [WindowEnergies](repeating: WindowEnergies(), count: blocks.count)
      for e in source * channels..<(source + 1) * channels {
        for tile in SpectrumProducts.tiles(stride: stride) {
          for index in blocks.indices {
            let references = spectra + index * signals * pitch
            SpectrumProducts.convolve(
              references, allFilters.pointer + e * signals * pitch, count: signals, pitch: pitch,
              stride: stride, bins: tile, into: products + 2 * index * pitch)
            SpectrumProducts.convolve(
              references + source * channels * pitch, ownFilters.pointer + e * channels * pitch,
              count: channels, pitch: pitch, stride: stride, bins: tile,
              into: products + (2 * index + 1) * pitch)
          }
        }
        for (index, block) in blocks.enumerated() {
          transform.inverse(products + 2 * index * pitch, into: workspace.all.pointer)
          transform.inverse(products + (2 * index + 1) * pitch, into: workspace.own.pointer)
          energies[index] += Self.energies(
            source: block.planes + (e * size + Self.margin),
            estimate: block.planes + ((signals + e) * size + Self.margin),
            own: workspace.own.pointer + Self.margin, all: workspace.all.pointer + Self.margin,
            count: block.count)
        }
      }
      for (index, energy) in energies.enumerated() { report(index, source, energy) }
    }
  }

  private static func energies(
    source: UnsafeMutablePointer<Double>, estimate: UnsafeMutablePointer<Double>,
    own: UnsafeMutablePointer<Double>, all: UnsafeMutablePointer<Double>, count: Int
  ) -> WindowEnergies {
    // Past the count there are zeros and rounding of zeros: rounding up to vectors does no harm.
    typealias Vector = SIMD4<Double>
    func load(_ pointer: UnsafeMutablePointer<Double>, _ index: Int) -> Vector {
      UnsafeRawPointer(pointer + index).load(as: Vector.self)
    }
    var s2 = Vector.zero
    var o2 = Vector.zero
    var a2 = Vector.zero
    var distortion = Vector.zero
    var spatial = Vector.zero
    var interference = Vector.zero
    var artifacts = Vector.zero
    var unexplained = Vector.zero
    for index in Swift.stride(from: 0, to: count, by: 4) {
      let s = load(source, index)
      let e = load(estimate, index)
      let o = load(own, index)
      let a = load(all, index)
      s2 += s * s
      o2 += o * o
      a2 += a * a
      distortion += (e - s) * (e - s)
      spatial += (o - s) * (o - s)
      interference += (a - o) * (a - o)
      artifacts += (e - a) * (e - a)
      unexplained += (e - o) * (e - o)
    }
    return WindowEnergies(
      source: s2.sum(), own: o2.sum(), all: a2.sum(), distortion: distortion.sum(),
      spatial: spatial.sum(), interference: interference.sum(), artifacts: artifacts.sum(),
      unexplained: unexplained.sum())
  }
}
