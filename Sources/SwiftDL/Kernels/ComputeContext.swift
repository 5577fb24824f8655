internal import CKernels
import Glibc

/// How exact products of float32 numbers must be: PyTorch's words, and like PyTorch's a permission, not an order.
///
/// The instruction set `amx` makes use of it by products of bfloat16 numbers that are added in float32; the others compute
/// convolutions of several taps with fewer products (S. Winograd, "Arithmetic complexity of computations", SIAM 1980) where
/// `high` or `medium` permit it, and plain float32 otherwise. Subnormal, infinite and NaN numbers mean the same in each.
/// Only with `highest`, and but on `amx`, do bits not depend on where a signal is cut, and does nothing of the future reach
/// a causal network's past, not even by its rounding errors.
public enum Precision: String, CaseIterable, Codable, Sendable {
  /// As exact as float32: on `amx` six products for one.
  case highest
  /// Within 1e-5 of the largest output: on `amx` three products for one, elsewhere two for five in the best case.
  case high
  /// Within 4e-3 of the largest output, as bfloat16 is: on `amx` one product, elsewhere the same as `high`.
  case medium
}

/// Which instruction set, how many threads and what precision the kernels use.
///
/// The default is the best instruction set, the threads of `ProcessorShare.own`, and the highest precision. Results do not
/// depend on the number of threads.
public final class ComputeContext: Sendable {
  nonisolated(unsafe) let handle: OpaquePointer
  /// Threads that work on one kernel, the caller's included.
  public let threads: Int
  /// What convolutions and matrix products may do to be fast.
  public let precision: Precision

  /// - Parameters:
  ///   - instructionSet: one of `availableInstructionSets`; when absent, the one that the environment variable CK_ISA
  ///     names, or the best.
  ///   - precision: a permission: see `Precision`.
  public init(
    threads: Int = ProcessorShare.own.threads, instructionSet: String? = nil,
    precision: Precision = .highest
  ) {
    require(threads > 0, "ComputeContext: \(threads) threads")
    var isa = ck_isa.generic
    if let instructionSet {
      let named = Self.offered.first { String(cString: ck_isa_name($0)) == instructionSet }
      require(named != nil, "ComputeContext: no instruction set \(instructionSet) \(Self.offer)")
      isa = named ?? .generic
    } else {
      require(ck_isa_from_environment(&isa) == .ok, "ComputeContext: \(Self.environmentComplaint ?? "")")
    }
    guard let handle = ck_context_create(isa, Int32(threads)) else {
      fatalError("out of memory: a compute context with \(threads) threads")
    }
    switch precision {
    case .highest: ck_context_set_precision(handle, .highest)
    case .high: ck_context_set_precision(handle, .high)
    case .medium: ck_context_set_precision(handle, .medium)
    }
    self.handle = handle
    self.threads = threads
    self.precision = precision
  }

  deinit { ck_context_destroy(handle) }

  /// The name of the instruction set in use.
  public var instructionSet: String { String(cString: ck_isa_name(ck_context_isa(handle))) }

  /// The instruction sets this processor offers, least first.
  public static var availableInstructionSets: [String] { offered.map { String(cString: ck_isa_name($0)) } }

  private static var offered: [ck_isa] {
    [ck_isa.generic, .avx2, .avx512, .amx].filter { $0.rawValue <= ck_isa_best().rawValue }
  }
  private static var offer: String { "(this machine offers \(availableInstructionSets.joined(separator: ", ")))" }

  /// What is wrong with the environment variable CK_ISA, in one line; nil when it is unset or names an instruction set of
  /// this machine. A program says this and stops, before it makes a context.
  public static var environmentComplaint: String? {
    var isa = ck_isa.generic
    if ck_isa_from_environment(&isa) == .ok { return nil }
    let name = getenv("CK_ISA").map { String(cString: $0) } ?? ""
    return "CK_ISA=\(name): no such instruction set \(offer)"
  }

  /// The context of the current task: `ComputeContext.$current.withValue(…) { … }` runs a body on another.
  @TaskLocal public static var current = ComputeContext(threads: threadsFromEnvironment ?? ProcessorShare.own.threads)

  /// Runs a body in which numbers too small for float32's full precision, below 1.2e-38, count as zero: as results and as
  /// arguments, on all threads of its kernels.
  ///
  /// Training does this: the gradients of deep networks are full of such numbers, which say nothing, and for which
  /// processors take many times as long. PyTorch's `set_flush_denormal(True)`.
  public static func flushingSubnormals<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = ck_flush_subnormals(true)
    defer { _ = ck_flush_subnormals(before) }
    return try body()
  }

  /// Whether the calling thread is in such a body.
  public static var flushesSubnormals: Bool {
    let flushes = ck_flush_subnormals(true)
    _ = ck_flush_subnormals(flushes)
    return flushes
  }

  /// SWIFTDL_THREADS, when it is a positive number.
  private static var threadsFromEnvironment: Int? {
    getenv("SWIFTDL_THREADS").flatMap { Int(String(cString: $0)) }.flatMap { $0 > 0 ? $0 : nil }
  }
}
