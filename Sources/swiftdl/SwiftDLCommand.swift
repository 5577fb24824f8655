import ArgumentParser
import SwiftDL

/// The program: one file per command.
@main
struct SwiftDLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swiftdl",
    abstract: "Deep learning for music on ordinary CPUs: train, separate, generate, evaluate, measure.",
    version: programVersion,
    subcommands: [
      Train.self, Reproduce.self, Generate.self, Separate.self, Detect.self, Live.self, Evaluate.self, Report.self,
      Models.self, Infer.self, Meta.self, Bench.self, DataCommand.self, Doctor.self,
    ])

  static func main() {
    if let complaint = ComputeContext.environmentComplaint {
      note("Error: \(complaint)")
      exit(withError: ExitCode.validationFailure)
    }
    main(nil)
  }
}

let programVersion = "0.1.0"
