import ArgumentParser
import Experiments
import SwiftDL
import SwiftDLAudio
import SwiftDLModels

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what this machine offers and check that the program works on it.")
  @OptionGroup var compute: ComputeOptions

  func run() throws {
    let checks = compute.run {
      let context = ComputeContext.current
      print("swiftdl \(programVersion)")
      print("processor       \(SelfTest.processorName)")
      print(
        "instruction set \(context.instructionSet) (offers \(ComputeContext.availableInstructionSets.joined(separator: ", ")))"
      )
      print("features        \(SelfTest.processorFeatures)")
      print("threads         \(context.threads)")
      print("may use         \(Self.text(ProcessorShare.own))")
      print("precision       \(context.precision)")
      print("audio           \(SelfTest.audioLibraries)")
      print("decoder         \(SelfTest.decoder)")
      print("memory          \(MemoryShare().text)")
      print("own models      \(TrainedModels.own)")
      return SelfTest.run()
    }
    for check in checks {
      print("\(check.passed ? "ok   " : "FAIL ") \(check.name)\(check.detail.isEmpty ? "" : ": \(check.detail)")")
    }
    if checks.contains(where: { !$0.passed }) { throw ExitCode(1) }
  }
  /// What the number of threads follows when nobody says one.
  private static func text(_ share: ProcessorShare) -> String {
    let time = share.quota.map { "time for \(($0 * 100).rounded() / 100) of them" } ?? "all of their time"
    let places = "\(counted(share.processors, "processor")) on \(counted(share.cores, "core"))"
    return "\(places), \(time): \(counted(share.threads, "thread"))"
  }

  private static func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
