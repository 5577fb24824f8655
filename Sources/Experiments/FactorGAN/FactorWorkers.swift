import Dispatch
import SwiftDL
import Synchronization

/// Runs independent pieces of work side by side, each on one thread's kernels.
///
/// The networks of a FactorGAN are too small for several threads to share a layer, and its factors need nothing of each
/// other: so each thread takes whole factors. What a piece computes does not depend on which thread takes it.
package final class FactorWorkers: Sendable {
  private let contexts: [ComputeContext]
  private let flushesSubnormals: Bool

  /// As many threads as the current context has, of its kind; not more than there are pieces.
  package init(pieces: Int) {
    let current = ComputeContext.current
    contexts = (0..<min(current.threads, pieces)).map { _ in
      ComputeContext(threads: 1, instructionSet: current.instructionSet, precision: current.precision)
    }
    flushesSubnormals = ComputeContext.flushesSubnormals
  }

  /// Calls `body` once for every index below `count`. Each call must write only what is its own.
  package func run(_ count: Int, _ body: (Int) -> Void) {
    let next = Counter()
    withoutActuallyEscaping(body) { body in
      nonisolated(unsafe) let body = body
      if contexts.count == 1 {
        ComputeContext.$current.withValue(contexts[0]) { for index in 0..<count { body(index) } }
        return
      }
      DispatchQueue.concurrentPerform(iterations: contexts.count) { [contexts, flushesSubnormals] worker in
        ComputeContext.$current.withValue(contexts[worker]) {
          func work() {
            while case let index = next.take(), index < count { body(index) }
          }
          if flushesSubnormals { ComputeContext.flushingSubnormals(work) } else { work() }
        }
      }
    }
  }

  /// The next piece that nobody has taken.
  private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func take() -> Int { value.add(1, ordering: .relaxed).oldValue }
  }
}
