import Foundation
import SwiftDL

/// The models that come trained, each a safetensors file with a card that says what it is and how good.
public enum TrainedModels {
  /// Names and what they do, in the order they are listed.
  public static let all: [(name: String, summary: String)] = [
    ("voice", "voice and music; what separate takes when no model is named"),
    ("voice-live", "voice and music with a delay of 46 ms"),
    ("guitar", "guitar and the rest; best as an ensemble with guitar-live"),
    ("guitar-live", "guitar and the rest with a delay of 23 ms"),
    ("detect-voice", "when there is a voice, for detect; separates it too"),
  ]

  /// A line for each.
  public static var table: String { all.map { "  \($0.name.padded(to: 12)) \($0.summary)" }.joined(separator: "\n") }

  /// The file of a model that comes trained, or of the user's own of that name; nil for other names, and where the files are
  /// not installed.
  static func file(of name: String) -> String? {
    if name.contains("/") || name.isEmpty { return nil }
    let places = all.contains { $0.name == name } ? installed + [own] : [own]
    return places.map { "\($0)/\(name).safetensors" }.first(where: Folders.exists)
  }

  /// What a model's card says.
  public static func card(of name: String) -> String? {
    file(of: name).flatMap { try? String(contentsOfFile: String($0.dropLast("safetensors".count)) + "md", encoding: .utf8) }
  }

  /// Models that lie in the user's own folder, by name.
  public static var ownNames: [String] {
    ((try? Folders.names(in: own)) ?? []).filter { $0.hasSuffix(".safetensors") }.map { String($0.dropLast(12)) }.sorted()
  }

  /// The user's own models: files of the XDG base directories.
  public static var own: String {
    let environment = ProcessInfo.processInfo.environment
    let told = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    return (told ?? "\(environment["HOME"] ?? "")/.local/share") + "/swiftdl/models"
  }

  /// Where the files may be: where `SWIFTDL_MODELS` says, beside the program as it is built, or installed.
  private static var installed: [String] {
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let folder = program.lastIndex(of: "/").map { String(program[..<$0]) } ?? "."
    let told = ProcessInfo.processInfo.environment["SWIFTDL_MODELS"].map { [$0] } ?? []
    return told + ["\(folder)/SwiftDL_Experiments.resources/Trained", "\(folder)/../share/swiftdl/models"]
  }
}
