import Dispatch

/// Runs `body` for every index, on as many threads as there are processors.
///
/// Each index must write only what is its own: then the result cannot depend on the threads.
package func concurrently(_ count: Int, _ body: (Int) -> Void) {
  withoutActuallyEscaping(body) { body in
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: count) { body($0) }
  }
}
