import Foundation
import Glibc
import SwiftDL
import SwiftDLAudio
import SwiftDLModels

/// Quick checks that the program computes and reads files correctly on this machine.
public enum SelfTest {
  public struct Check: Sendable {
    public let name: String
    public let passed: Bool
    public let detail: String
  }

  /// Runs every check; a few seconds.
  public static func run() -> [Check] {
    [gradients, instructionSets, threads, codecs].map { $0() }
  }

  /// The processor's name for people.
  public static var processorName: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }

  /// The processor's vector and matrix extensions, as Linux names them.
  public static var processorFeatures: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("flags") || $0.hasPrefix("Features") }
    let known = ["sse4_2", "avx", "avx2", "fma", "avx512", "amx", "neon", "asimd", "sve"]
    let found = (line ?? "").split(separator: " ").filter { flag in known.contains { flag.hasPrefix($0) } }
    return found.isEmpty ? "unknown" : found.joined(separator: " ")
  }

  /// The formats that can be written, by trying them.
  /// Where the program that decodes other formats is; nobody has to have it.
  public static var decoder: String { FFmpeg()?.path ?? "no ffmpeg: only what the audio library reads" }

  public static var audioLibraries: String {
    formats.map { "\($0.name) \(roundTrip($0.format) == nil ? "yes" : "no")" }.joined(separator: ", ")
  }

  private static let formats: [(name: String, format: AudioFormat)] = [
    ("WAV", .wav(.float32)), ("FLAC", .flac(.int24)),
    ("Ogg", AudioFormat(pathExtension: "ogg") ?? .wav(.int16)),
    ("MP3", AudioFormat(pathExtension: "mp3") ?? .wav(.int16)),
  ]

  /// What is wrong with writing and reading a format; nil when all is well.
  private static func roundTrip(_ format: AudioFormat) -> String? {
    let path = "\(NSTemporaryDirectory())swiftdl-doctor-\(getpid()).\(format.pathExtension)"
    defer { unlink(path) }
    let tone = AudioBuffer(
      samples: (0..<8820).map { 0.5 * sin(Float($0 / 2) * 0.06) }, channels: 2, sampleRate: 44100)
    do {
      try AudioFile.write(tone, to: path, format: format)
      let back = try AudioFile.read(path)
      return back.channels == 2 && back.frames > 4000 ? nil : "\(back.frames) frames came back"
    } catch { return "\(error)" }
  }

  private static func codecs() -> Check {
    let problems = formats.compactMap { entry in roundTrip(entry.format).map { "\(entry.name): \($0)" } }
    return Check(name: "sound files written and read", passed: problems.isEmpty, detail: problems.joined(separator: "; "))
  }

  /// A loss of a small network and its gradients on given weights.
  private static func probe() -> (loss: Float, gradients: ParameterValues) {
    var random = RandomStream(seed: 3)
    let x = random.normal([2, 512, 1])
    let target = random.normal([2, 512, 2])
    let model = WaveUNet(.tiny, random: RandomStream(seed: 4))
    let (loss, gradients) = valueAndGradients(of: model) { ($0(x) - target).squared().mean() }
    return (loss.scalar, gradients)
  }

  /// ⟨gradient, direction⟩ against a difference of losses.
  private static func gradients() -> Check {
    var random = RandomStream(seed: 3)
    let x = random.normal([2, 512, 1])
    let target = random.normal([2, 512, 2])
    let model = WaveUNet(.tiny, random: RandomStream(seed: 4))
    let loss: (WaveUNet) -> Tensor = { ($0(x) - target).squared().mean() }
    let gradients = valueAndGradients(of: model, loss).gradients
    let norm = gradients.norm
    let step: Float = 1e-2 / norm
    let up = loss(model.mapParameters { $1 + step * gradients[$0] }).scalar
    let down = loss(model.mapParameters { $1 - step * gradients[$0] }).scalar
    let ratio = (up - down) / (2 * step * norm * norm)
    return Check(
      name: "gradients agree with differences", passed: abs(ratio - 1) < 0.02, detail: "ratio \(ratio)")
  }

  private static func instructionSets() -> Check {
    let losses = ComputeContext.availableInstructionSets.map { name in
      ComputeContext.$current.withValue(ComputeContext(threads: 1, instructionSet: name)) { probe().loss }
    }
    let spread = (losses.max() ?? 0) - (losses.min() ?? 0)
    return Check(
      name: "instruction sets agree", passed: spread <= 1e-4 * abs(losses.first ?? 1), detail: "spread \(spread)")
  }

  private static func threads() -> Check {
    let results = [1, 2, 3].map { threads in
      ComputeContext.$current.withValue(ComputeContext(threads: threads)) {
        probe().gradients.tensors.flatMap(\.scalars).map(\.bitPattern)
      }
    }
    return Check(
      name: "1, 2 and 3 threads give the same bits", passed: results.allSatisfy { $0 == results[0] }, detail: "")
  }
}
