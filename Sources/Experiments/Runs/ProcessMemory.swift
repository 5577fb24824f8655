import Glibc

/// What the process has taken of the machine's memory.
enum ProcessMemory {
  /// The most it ever held, in bytes.
  static var peakBytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}
