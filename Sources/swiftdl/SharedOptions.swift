public import ArgumentParser
public import Experiments
import Glibc
import SwiftDL

/// Options every long command has.
struct ProgressOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Show no progress.")
  var quiet = false

  @Option(help: "How to show progress on standard error: automatic, bar, plain, json or quiet.")
  var progress: ProgressMeter.Style = .automatic

  /// The style the options ask for.
  var style: ProgressMeter.Style { quiet ? .quiet : progress }
}

extension ProgressMeter.Style: ExpressibleByArgument {}

extension Precision: ExpressibleByArgument {}

/// What kernels run on.
struct ComputeOptions: ParsableArguments {
  @Option(
    name: [.long, .customShort("j"), .customLong("jobs")],
    help: """
      Threads to compute on; when absent, one for every core that the affinity mask and the container's quota allow \
      (`swiftdl doctor` tells). Results do not depend on it.
      """)
  var threads: Int?

  @Option(help: "Instruction set: generic, avx2, avx512 or amx; the best one when absent.")
  var isa: String?

  @Option(
    help: """
      Precision of products: highest, high (1e-5 of the largest output) or medium (4e-3). A permission, for speed: \
      bfloat16 products on amx, fewer products for a convolution elsewhere; runs record it. Highest when absent.
      """)
  var precision: Precision?

  func validate() throws {
    if let threads, threads < 1 || threads > 1024 {
      throw ValidationError("--threads \(threads): 1 to 1024 are possible.")
    }
    if let isa, !ComputeContext.availableInstructionSets.contains(isa) {
      let choices = ComputeContext.availableInstructionSets.joined(separator: ", ")
      throw ValidationError("--isa \(isa): this processor offers \(choices).")
    }
  }

  /// Runs a body on the chosen threads.
  func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard threads != nil || isa != nil || precision != nil else { return try body() }
    let context = ComputeContext(
      threads: threads ?? ComputeContext.current.threads, instructionSet: isa, precision: precision ?? .highest)
    return try ComputeContext.$current.withValue(context) { try body() }
  }
}

/// Goes on to the next file where one fails, says so at the end, and exits with status 3 then; a single file's error is the
/// command's own.
func forEach(_ inputs: [SoundInput], couldNotBe done: String, _ body: (SoundInput) throws -> Void) throws {
  var failures = 0
  for input in inputs {
    do { try body(input) } catch let exit as ExitCode {
      throw exit
    } catch {
      if inputs.count == 1 { throw error }
      note("Error: \(error)")
      failures += 1
    }
  }
  if failures > 0 {
    note("\(failures) of \(inputs.count) files could not be \(done)")
    throw ExitCode(3)
  }
}

/// Prints a line for people on standard error, where it does not mix with results.
func note(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)
}
