import Glibc
import Synchronization

/// Bytes held by tensors, now and at the most so far.
public struct MemoryStatistics: Sendable, Equatable {
  /// Bytes of blocks in use.
  public var live: Int
  /// The largest `live` since the start or the last `resetPeak()`.
  public var peak: Int
  /// Bytes kept for reuse.
  public var cached: Int
  /// All bytes that the system has been asked for since the start: no more from one training step to the next.
  public var requested: Int

  /// What the pool holds now.
  public static var current: MemoryStatistics { BufferPool.shared.statistics }
  /// Starts counting the peak again from what is live now.
  public static func resetPeak() { BufferPool.shared.resetPeak() }
  /// Gives everything cached back to the system.
  public static func releaseCache() { BufferPool.shared.release() }
}

/// Blocks of memory for tensors: 64-byte aligned and kept for reuse, so that a training step takes nothing from
/// the system that an earlier one has not taken. Fresh memory would cost a page fault per page every time.
///
/// Small blocks come in size classes. Large ones are cut from one arena of address space, backed by huge
/// pages: the lowest gap that is wide enough, and a block given back joins the gaps beside it. So what one size
/// leaves serves every other, and the arena grows little above the most that was ever live.
final class BufferPool: Sendable {
  static let shared = BufferPool()

  struct Block: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    let bytes: Int
    /// Where the block lies in the arena; `nil` outside.
    let granule: Int?
  }

  private struct State {
    /// Small blocks by size class.
    var free = [[Block]](repeating: [], count: BufferPool.classCount)
    var arena = Arena()
    var statistics = MemoryStatistics(live: 0, peak: 0, cached: 0, requested: 0)
  }
  private let state = Mutex(State())

  /// From this size on a block lies in the arena.
  private static let large = 256 << 10

  /// Four classes per power of two from 64 bytes on: at most a fifth of a block is lost to rounding up, and
  /// 63 bytes of a small one.
  static func sizeClass(_ bytes: Int) -> (index: Int, size: Int) {
    let units = max(1, (bytes + 63) / 64)
    if units <= 4 { return (units, 64 * units) }
    let exponent = Int.bitWidth - 1 - (units - 1).leadingZeroBitCount
    let step = 1 << (exponent - 2)
    let quarters = (units + step - 1) / step
    return (4 * (exponent - 1) + quarters - 4, 64 * step * quarters)
  }
  private static let classCount = 4 * Int.bitWidth

  func take(_ bytes: Int) -> Block {
    let block = state.withLock { state -> Block? in
      guard let block = bytes < Self.large ? Self.small(bytes, &state) : Self.large(bytes, &state) else {
        return nil
      }
      state.statistics.live += block.bytes
      state.statistics.peak = max(state.statistics.peak, state.statistics.live)
      return block
    }
    guard let block else {
      fatalError("out of memory: \(bytes) bytes for a tensor, with \(statistics.live) bytes live")
    }
    return block
  }

  private static func small(_ bytes: Int, _ state: inout State) -> Block? {
    let (index, size) = sizeClass(bytes)
    if let block = state.free[index].popLast() {
      state.statistics.cached -= size
      return block
    }
    return fresh(size, &state)
  }

  private static func large(_ bytes: Int, _ state: inout State) -> Block? {
    let granules = (bytes + Arena.granule - 1) / Arena.granule
    guard let place = state.arena.take(granules) else { return fresh(granules * Arena.granule, &state) }
    let size = granules * Arena.granule
    state.statistics.requested += place.fresh * Arena.granule
    state.statistics.cached -= size - place.fresh * Arena.granule
    return Block(pointer: place.pointer, bytes: size, granule: place.granule)
  }

  private static func fresh(_ size: Int, _ state: inout State) -> Block? {
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, 64, size) == 0, let pointer else { return nil }
    state.statistics.requested += size
    return Block(pointer: pointer, bytes: size, granule: nil)
  }

  func give(_ block: Block) {
    let isSurplus = state.withLock { state in
      state.statistics.live -= block.bytes
      if let granule = block.granule {
        state.arena.give(granule, block.bytes / Arena.granule)
      } else if block.bytes > Self.large {
        return true  // the arena had no room for it
      } else {
        state.free[Self.sizeClass(block.bytes).index].append(block)
      }
      state.statistics.cached += block.bytes
      return false
    }
    if isSurplus { free(block.pointer) }
  }

  /// Gives what is cached back to the system.
  func release() {
    let blocks = state.withLock { state in
      defer {
        state.free = [[Block]](repeating: [], count: BufferPool.classCount)
        state.arena.release()
        state.statistics.cached = 0
      }
      return state.free.joined().map { $0 }
    }
    for block in blocks { free(block.pointer) }
  }

  var statistics: MemoryStatistics { state.withLock { $0.statistics } }
  func resetPeak() { state.withLock { $0.statistics.peak = $0.statistics.live } }
}

/// A range of addresses as large as the machine's memory, of which pages are used as blocks are.
private struct Arena: @unchecked Sendable {
  /// Blocks are multiples of this many bytes.
  static let granule = 64 << 10
  private static let hugePage = 2 << 20

  private let base: UnsafeMutableRawPointer?
  /// Gaps between blocks, ascending, never adjacent.
  private var gaps: [Range<Int>] = []
  /// Whether a granule has been part of a block since the start or the last release.
  private var isTouched: [Bool] = []

  init() {
    var bytes = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    var start = UnsafeMutableRawPointer(bitPattern: -1)  // MAP_FAILED
    // Address space may be limited: then half of it will do, and so on.
    while bytes >= 1 << 30 {
      start = mmap(
        nil, bytes + Self.hugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      if start != UnsafeMutableRawPointer(bitPattern: -1) { break }
      bytes /= 2
    }
    guard let start, start != UnsafeMutableRawPointer(bitPattern: -1) else {
      base = nil
      return
    }
    let aligned = start.alignedUp(toMultipleOf: Self.hugePage)
    madvise(aligned, bytes, 14 /* MADV_HUGEPAGE */)
    base = aligned
    gaps = [0..<bytes / Self.granule]
  }

  /// The lowest gap with room for `count` granules, and how many of them are used for the first time.
  mutating func take(_ count: Int) -> (pointer: UnsafeMutableRawPointer, granule: Int, fresh: Int)? {
    guard let base, let index = gaps.firstIndex(where: { $0.count >= count }) else { return nil }
    let first = gaps[index].lowerBound
    if gaps[index].count == count {
      gaps.remove(at: index)
    } else {
      gaps[index] = first + count..<gaps[index].upperBound
    }
    while isTouched.count < first + count { isTouched.append(false) }
    var fresh = 0
    for granule in first..<first + count where !isTouched[granule] {
      isTouched[granule] = true
      fresh += 1
    }
    return (base + first * Self.granule, first, fresh)
  }

  mutating func give(_ first: Int, _ count: Int) {
    // The first gap behind the block.
    var (low, high) = (0, gaps.count)
    while low < high {
      let middle = (low + high) / 2
      if gaps[middle].lowerBound < first { low = middle + 1 } else { high = middle }
    }
    var gap = first..<first + count
    if low < gaps.count, gaps[low].lowerBound == gap.upperBound {
      gap = gap.lowerBound..<gaps.remove(at: low).upperBound
    }
    if low > 0, gaps[low - 1].upperBound == gap.lowerBound {
      gaps[low - 1] = gaps[low - 1].lowerBound..<gap.upperBound
    } else {
      gaps.insert(gap, at: low)
    }
  }

  /// Gives the pages of all gaps back to the system.
  mutating func release() {
    guard let base else { return }
    for gap in gaps {
      let end = min(gap.upperBound, isTouched.count)
      if gap.lowerBound >= end { continue }
      madvise(base + gap.lowerBound * Self.granule, (end - gap.lowerBound) * Self.granule, 4 /* MADV_DONTNEED */)
      for granule in gap.lowerBound..<end { isTouched[granule] = false }
    }
  }
}

/// The memory of one tensor. The only unchecked `Sendable` of the library: written while one owner holds it,
/// then only read.
final class Storage: @unchecked Sendable {
  let count: Int
  let pointer: UnsafeMutablePointer<Float>
  private let block: BufferPool.Block

  /// `count` floats, contents undefined.
  init(count: Int) {
    self.count = count
    block = BufferPool.shared.take(count * MemoryLayout<Float>.stride)
    pointer = block.pointer.bindMemory(to: Float.self, capacity: count)
  }

  deinit { BufferPool.shared.give(block) }

  /// Stands where a value is not kept: reading it is a mistake that `Tensor` reports.
  static let hollow = Storage(count: 0)
}
