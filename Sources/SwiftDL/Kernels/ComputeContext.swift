internal import CKernels
import Glibc

/// Which instruction set and how many threads the kernels use.
///
/// The default is the best instruction set and every core this process may run on. Results do not depend on
/// the number of threads.
public final class ComputeContext: Sendable {
  nonisolated(unsafe) let handle: OpaquePointer
  /// Threads that work on one kernel, the caller's included.
  public let threads: Int

  /// - Parameter instructionSet: `generic`, `avx2` or `avx512`; the best one when absent or not offered.
  public init(threads: Int = ComputeContext.availableCores, instructionSet: String? = nil) {
    require(threads > 0, "ComputeContext: \(threads) threads")
    let named = [ck_isa.generic, .avx2, .avx512].first { String(cString: ck_isa_name($0)) == instructionSet }
    guard let handle = ck_context_create(named ?? ck_isa_default(), Int32(threads)) else {
      fatalError("out of memory: a compute context with \(threads) threads")
    }
    self.handle = handle
    self.threads = threads
  }

  deinit { ck_context_destroy(handle) }

  /// The name of the instruction set in use.
  public var instructionSet: String { String(cString: ck_isa_name(ck_context_isa(handle))) }

  /// The instruction sets this processor offers, least first.
  public static var availableInstructionSets: [String] {
    [ck_isa.generic, .avx2, .avx512].filter { $0.rawValue <= ck_isa_best().rawValue }
      .map { String(cString: ck_isa_name($0)) }
  }

  /// The context of the current task: `ComputeContext.$current.withValue(…) { … }` runs a body on another.
  @TaskLocal public static var current = ComputeContext(threads: threadsFromEnvironment ?? availableCores)

  /// The cores this process may run on.
  public static var availableCores: Int { Int(ck_available_cores()) }

  /// SWIFTDL_THREADS, when it is a positive number.
  private static var threadsFromEnvironment: Int? {
    getenv("SWIFTDL_THREADS").flatMap { Int(String(cString: $0)) }.flatMap { $0 > 0 ? $0 : nil }
  }
}
