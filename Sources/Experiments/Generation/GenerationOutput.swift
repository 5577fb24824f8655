public import SwiftDL
import SwiftDLAudio

extension GeneratorModel {
  /// Writes what was generated: text, a MIDI file and a picture beside it, or sound. Several rows are numbered.
  ///
  /// - Returns: the files written.
  public func write(
    _ made: Generator.Made, prompt: GenerationPrompt, to path: String, framesPerQuarter: Int = 2
  ) throws(FileError) -> [String] {
    var files: [String] = []
    switch (kind, made) {
    case (.text(let vocabulary), .symbols(let rows)):
      for (index, row) in rows.enumerated() {
        let file = Self.numbered(path, index, rows.count)
        try AtomicFile.write(Self.text(row, vocabulary) + "\n", to: file)
        files.append(file)
      }
    case (.audio(let rate), .symbols(let rows)):
      for (index, row) in rows.enumerated() {
        let file = Self.numbered(path, index, rows.count)
        let samples = row.map { MuLaw.sample(of: Int($0)) }
        try AudioFile.write(
          AudioBuffer(samples: samples, channels: 1, sampleRate: rate), to: file,
          format: AudioFormat(pathExtension: Self.pathExtension(file)) ?? .wav(.int16))
        files.append(file)
      }
    case (_, .rolls(let rolls)):
      for (index, roll) in rolls.enumerated() {
        let file = Self.numbered(path, index, rolls.count)
        try roll.midi(framesPerQuarter: framesPerQuarter).write(to: file)
        let picture = Self.withoutExtension(file) + ".png"
        try Self.write(roll.picture(prompt: prompt.given).encoded(), to: picture)
        files += [file, picture]
      }
    case (.music, .symbols): break
    }
    return files
  }

  /// What is wrong with the name of an output file, before minutes are spent on what goes into it.
  public func problem(withOutput path: String) -> FileError? {
    let name = Self.pathExtension(path)
    switch kind {
    case .text: return nil
    case .music:
      return name == "mid" || name == "midi"
        ? nil : FileError(path, "does not end in .mid", hint: "music is written as MIDI")
    case .audio:
      return AudioFormat(pathExtension: name) != nil
        ? nil : FileError(path, "ends in no known audio format", hint: "try .wav")
    }
  }

  /// The symbols of a text as people read them.
  public static func text(_ symbols: [Int32], _ vocabulary: Vocabulary) -> String {
    let names = symbols.map { vocabulary.symbols[Int($0)] }
    guard GeneratedKind.isWords(vocabulary) else { return names.joined() }
    return names.reduce(into: "") { text, word in
      if word == "<eos>" {
        text += "\n"
        return
      }
      if let last = text.last, last != "\n" { text += " " }
      text += word
    }
  }

  static func pathExtension(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    return name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
  }
  static func withoutExtension(_ path: String) -> String {
    let count = pathExtension(path).count
    return count > 0 ? String(path.dropLast(count + 1)) : path
  }
  /// `name-2.wav` of `name.wav`, where there are several.
  static func numbered(_ path: String, _ index: Int, _ count: Int) -> String {
    if count == 1 { return path }
    let name = pathExtension(path)
    return withoutExtension(path) + "-\(index + 1)" + (name.isEmpty ? "" : "." + name)
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    let result: Result<Void, FileError> = bytes.withUnsafeBytes { raw in
      do throws(FileError) { return .success(try file.write(raw)) } catch { return .failure(error) }
    }
    try result.get()
    try file.commit()
  }
}
