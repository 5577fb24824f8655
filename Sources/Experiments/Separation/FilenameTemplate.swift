import Foundation

/// Where a stem's file goes, below the folder of results: `{track}/{stem}.{ext}`.
public struct FilenameTemplate: Sendable, Equatable {
  private static let names = ["track", "trackext", "stem", "ext", "model", "dir"]
  public static let usual = FilenameTemplate(checked: "{track}/{stem}.{ext}")

  public let text: String

  private init(checked text: String) { self.text = text }

  /// - Throws: `ConfigurationError` for an unknown field, and where two stems would have the same name.
  public init(_ text: String) throws(ConfigurationError) {
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      guard let close = rest[open...].firstIndex(of: "}") else {
        throw ConfigurationError("--filename", "“\(text)” has a { without its }")
      }
      let name = String(rest[rest.index(after: open)..<close])
      guard Self.names.contains(name) else {
        let known = Self.names.map { "{\($0)}" }.joined(separator: " ")
        throw ConfigurationError("--filename", "there is no field {\(name)}", hint: "there are \(known)")
      }
      rest = rest[rest.index(after: close)...]
    }
    guard text.contains("{stem}") else {
      throw ConfigurationError("--filename", "“\(text)” names every stem the same", hint: "{stem} stands for its name")
    }
    if text.hasPrefix("/") || text.split(separator: "/").contains("..") {
      throw ConfigurationError("--filename", "“\(text)” leaves the folder of results", hint: "--out names another folder")
    }
    self.text = text
  }

  /// What a track's files are named after.
  struct Track: Sendable, Equatable {
    /// Without folder and ending.
    let name: String
    /// The ending of the input, without its dot.
    let pathExtension: String
    /// The folder of the input below the one that was named on the command line; empty for a file.
    let folder: String

    init(_ input: SoundInput, name: String? = nil) {
      let url = URL(fileURLWithPath: input.isStandardInput ? "stdin" : input.path)
      self.name = name ?? url.deletingPathExtension().lastPathComponent
      pathExtension = url.pathExtension
      folder = input.folder
    }
  }

  /// The first two inputs whose files would have the same names.
  public func clash(among inputs: [SoundInput]) -> (SoundInput, SoundInput)? {
    var seen: [String: SoundInput] = [:]
    for input in inputs {
      let name = name(Track(input), stem: "", pathExtension: "", model: "")
      if let other = seen[name] { return (other, input) }
      seen[name] = input
    }
    return nil
  }

  /// The name of a file, below the folder of results.
  func name(_ track: Track, stem: String, pathExtension: String, model: String) -> String {
    let values = [
      "track": track.name, "trackext": track.pathExtension, "stem": stem, "ext": pathExtension, "model": model,
      "dir": track.folder,
    ]
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      result += rest[..<open] + (values[String(rest[rest.index(after: open)..<close])] ?? "")
      rest = rest[rest.index(after: close)...]
    }
    result += rest
    let parts = result.split(separator: "/")
    // Where a field names the folder, the folders inside the one that was named are not added.
    return (text.contains("{dir}") || track.folder.isEmpty ? parts : track.folder.split(separator: "/") + parts)
      .joined(separator: "/")
  }
}
