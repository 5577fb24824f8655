import Experiments
import Foundation
import Testing

/// Each in a process of its own. Signals go to the process, as a terminal sends them: the threads
/// tests run on may have them blocked, and another thread takes them a moment later.
@Suite struct InterruptTests {
  @Test func theFirstSignalIsAQuestion() async {
    await #expect(processExitsWith: .exitCode(0)) {
      Interrupt.install()
      if Interrupt.requested { exit(1) }
      kill(getpid(), SIGTERM)
      while !Interrupt.requested { usleep(1000) }
      exit(0)
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func theSecondEndsTheProgram(signal: Int32) async {
    let status = 128 + signal
    await #expect(processExitsWith: .exitCode(status)) { [signal] in
      Interrupt.install()
      kill(getpid(), SIGTERM)
      while !Interrupt.requested { usleep(1000) }
      kill(getpid(), signal)
      while true { usleep(1000) }
    }
  }
}
