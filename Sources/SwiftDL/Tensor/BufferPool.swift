import Glibc
import Synchronization

/// Bytes held by tensors, now and at the most so far.
public struct MemoryStatistics: Sendable, Equatable {
  /// Bytes of blocks in use.
  public var live: Int
  /// The largest `live` since the start or the last `resetPeak()`.
  public var peak: Int
  /// Bytes of blocks kept for reuse.
  public var cached: Int

  /// What the pool holds now.
  public static var current: MemoryStatistics { BufferPool.shared.statistics }
  /// Starts counting the peak again from what is live now.
  public static func resetPeak() { BufferPool.shared.resetPeak() }
  /// Gives every cached block back to the system.
  public static func releaseCache() { BufferPool.shared.trim(toCached: 0) }
}

/// Blocks of memory for tensors: 64-byte aligned, in size classes, kept for reuse.
///
/// A training step asks for the same sizes again and again; fresh memory would cost a page fault per 4 KiB
/// every time. Blocks of 2 MiB and more are aligned to huge pages. Before the system is asked for a fresh
/// block, what is cached shrinks to half of what is live plus 64 MiB: live and cached together never exceed
/// 1.5 times the most that was ever live, plus 64 MiB.
final class BufferPool: Sendable {
  static let shared = BufferPool()

  struct Block: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    let bytes: Int
  }

  private struct State {
    /// By size class.
    var free = [[Block]](repeating: [], count: BufferPool.classCount)
    var statistics = MemoryStatistics(live: 0, peak: 0, cached: 0)
  }
  private let state = Mutex(State())

  private static let hugePage = 2 << 20

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
    let (index, size) = Self.sizeClass(bytes)
    let (reused, limit): (Block?, Int) = state.withLock { state in
      state.statistics.live += size
      state.statistics.peak = max(state.statistics.peak, state.statistics.live)
      if let block = state.free[index].popLast() {
        state.statistics.cached -= size
        return (block, 0)
      }
      return (nil, state.statistics.live / 2 + (64 << 20))
    }
    if let reused { return reused }
    trim(toCached: limit)
    var pointer: UnsafeMutableRawPointer?
    let alignment = size >= Self.hugePage ? Self.hugePage : 64
    guard posix_memalign(&pointer, alignment, size) == 0, let pointer else {
      fatalError("out of memory: \(size) bytes for a tensor, with \(statistics.live) bytes live")
    }
    if size >= Self.hugePage { madvise(pointer, size, 14 /* MADV_HUGEPAGE */) }
    return Block(pointer: pointer, bytes: size)
  }

  func give(_ block: Block) {
    state.withLock { state in
      state.statistics.live -= block.bytes
      state.statistics.cached += block.bytes
      state.free[Self.sizeClass(block.bytes).index].append(block)
    }
  }

  /// Frees cached blocks, largest first, until no more than `limit` bytes are cached.
  func trim(toCached limit: Int) {
    let released: [Block] = state.withLock { state in
      var released: [Block] = []
      if state.statistics.cached <= limit { return released }
      for index in state.free.indices.reversed() {
        while state.statistics.cached > limit, let block = state.free[index].popLast() {
          state.statistics.cached -= block.bytes
          released.append(block)
        }
      }
      return released
    }
    for block in released { free(block.pointer) }
  }

  var statistics: MemoryStatistics { state.withLock { $0.statistics } }
  func resetPeak() { state.withLock { $0.statistics.peak = $0.statistics.live } }
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
