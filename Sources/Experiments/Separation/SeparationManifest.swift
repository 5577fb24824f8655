import Foundation
import SwiftDL
import SwiftDLAudio

/// What is told of a separated track beside its stems: where they come from, how they were made, how loud they are and
/// what it took.
struct SeparationManifest {
  let programVersion: String
  let modelName: String
  /// Of every network of an ensemble.
  let models: [JSONObject]
  let input: JSONObject
  let options: JSONObject
  let stems: [JSONObject]
  /// What the sources leave of the mixture, in dB of its energy; nil where not all were computed.
  let residual: Double?
  let seconds: Double
  let secondsOfAudio: Double

  var json: JSONObject {
    let context = ComputeContext.current
    return [
      "program": "swiftdl \(programVersion)", "model": modelName, "networks": models.map(\.json), "input": input.json,
      "options": options.json,
      "stems": stems, "residual_db": Self.rounded(residual),
      "seconds": (seconds * 1000).rounded() / 1000,
      "real_time_factor": (secondsOfAudio / max(seconds, 1e-9) * 100).rounded() / 100,
      "peak_memory_mib": Double(ProcessMemory.peakBytes >> 20), "instruction_set": context.instructionSet.json,
      "threads": context.threads,
    ]
  }

  /// A level as it is told: hundredths of a decibel.
  static func rounded(_ level: Double?) -> Double? { level.map { ($0 * 100).rounded() / 100 } }
}

extension StemWriter.Level {
  /// What is told of a stem; levels in dB of full scale, before any gain.
  func json(name: String, path: String) -> JSONObject {
    let power = energy / Double(max(1, samples))
    return [
      "name": name.json, "file": path.split(separator: "/").last.map { String($0).json }, "peak": Double(peak),
      "rms_db": SeparationManifest.rounded(power > 0 ? 10 * log10(power) : nil),
      "loudness_lufs": SeparationManifest.rounded(loudness), "gain": Double(gain),
    ]
  }
}
