import Glibc
import Synchronization

/// Ctrl-C and SIGTERM as a question that loops ask, so that a run can save itself before it stops.
///
/// The first signal raises a flag; the second ends the program at once with the status shells
/// expect.
public enum Interrupt {
  /// Whether somebody asked to stop. Loops look at this once a step.
  public static var requested: Bool { signals.load(ordering: .relaxed) > 0 }

  /// Begins to listen to SIGINT and SIGTERM.
  public static func install() {
    // The flag and the sentence exist before a signal can come: a handler must not initialise
    // anything.
    _ = (signals.load(ordering: .relaxed), sentence.utf8CodeUnitCount)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { signal in
      let reason = errno
      if Interrupt.signals.add(1, ordering: .relaxed).newValue > 1 { _exit(128 + signal) }
      let sentence = Interrupt.sentence
      write(STDERR_FILENO, sentence.utf8Start, sentence.utf8CodeUnitCount)
      errno = reason
    }
    // System calls go on where they were: no half-written checkpoint because of a key press.
    action.sa_flags = SA_RESTART
    sigaction(SIGINT, &action, nil)
    sigaction(SIGTERM, &action, nil)
  }

  private static let signals = Atomic<Int>(0)
  private static let sentence: StaticString =
    "\nstopping after this step; once more stops at once\n"
}
