// Training steps (forward, loss, backward, Adam) of a model, one at a time, as JSON lines.
//
// Usage: TrainStep MODEL [--precision high] [BATCH]; SWIFTDL_THREADS sets the threads. Models: see `workloads`.
// The first line tells the memory in use before the model is made; then each line read from standard input
// makes a step, so that a driver can alternate with a peer.
import Foundation
import SwiftDL
import SwiftDLModels

var arguments = Array(CommandLine.arguments.dropFirst())
var precision = Precision.highest
if let place = arguments.firstIndex(of: "--precision"), place + 1 < arguments.count {
  precision = Precision(rawValue: arguments[place + 1]) ?? .highest
  arguments.removeSubrange(place...place + 1)
}
guard let model = arguments.first, let workload = workloads.first(where: { $0.name == model })
else {
  FileHandle.standardError.write(Data("models: \(workloads.map(\.name).joined(separator: ", "))\n".utf8))
  exit(1)
}
print(#"{"baseline_mb": \#(residentMegabytes())}"#)
fflush(nil)

let context = ComputeContext(threads: ComputeContext.current.threads, precision: precision)
let step = workload.make(arguments.count > 1 ? Int(arguments[1]) : nil)
while readLine() != nil {
  MemoryStatistics.resetPeak()
  let faults = pageFaults()
  let clock = ContinuousClock()
  let duration = clock.measure { ComputeContext.$current.withValue(context, operation: step) }
  let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  print(
    #"{"seconds": \#(seconds), "peak_tensor_mb": \#(MemoryStatistics.current.peak >> 20), "page_faults": \#(pageFaults() - faults)}"#
  )
  fflush(nil)
}

/// Megabytes this process has in memory now.
func residentMegabytes() -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") } ?? ""
  return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1024
}

/// Pages the system has handed this process so far.
func pageFaults() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_minflt
}
