import Glibc

/// A value that one thread at a time may touch, and that threads can wait for.
final class Monitor<Value>: @unchecked Sendable {
  private var value: Value
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>

  init(_ value: sending Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    changed = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Changes the value and wakes those who wait for it.
  func change<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }
    return try body(&value)
  }

  /// What `body` finds; nobody is woken.
  func read<Result>(_ body: (borrowing Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(value)
  }

  /// Waits until `body` returns something, and then wakes those who wait, if the value it left is worth it.
  func wait<Result>(_ body: (inout Value) -> Result?, waking: (borrowing Value) -> Bool = { _ in true }) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&value) {
        if waking(value) { pthread_cond_broadcast(changed) }
        return result
      }
      pthread_cond_wait(changed, mutex)
    }
  }
}

/// Runs `body` on a thread of its own.
func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  // As deep as the main thread's: decoders and compilers of graphs recurse.
  pthread_attr_setstacksize(&attributes, 8 << 20)
  var thread = pthread_t()
  let status = pthread_create(
    &thread, &attributes,
    { pointer in
      pointer.map { Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run() }
      return nil
    }, Unmanaged.passRetained(Body(body)).toOpaque())
  precondition(status == 0, "a thread cannot be started: \(String(cString: strerror(status)))")
  pthread_attr_destroy(&attributes)
}
