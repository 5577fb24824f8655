import Foundation
import Glibc
import SwiftDL

/// The program `ffmpeg`, for formats that libsndfile does not read; nobody has to have it.
struct FFmpeg {
  let path: String

  /// The one that is installed; nil where there is none.
  init?() {
    let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/ffmpeg" }
    guard let path = places.first(where: { access($0, X_OK) == 0 }) else { return nil }
    self.path = path
  }

  /// Decodes a file as the arguments behind it say, replacing what is there.
  ///
  /// - Throws: `FileError` with the last line of what the program says.
  func decode(_ source: String, _ arguments: [String]) throws(FileError) {
    try run(["-i", source] + arguments, source, "cannot be decoded", hint: "is it sound, and whole?")
  }

  /// Writes a file as the arguments say, replacing what is there.
  ///
  /// - Parameter path: the name of the file for people.
  func encode(_ arguments: [String], shownAs path: String) throws(FileError) {
    try run(arguments, path, "cannot be written", hint: nil)
  }

  private func run(_ arguments: [String], _ file: String, _ trouble: String, hint: String?) throws(FileError) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = ["-v", "error", "-nostdin", "-y"] + arguments
    let errors = Pipe()
    process.standardError = errors
    do { try process.run() } catch { throw FileError(file, "\(trouble): \(path) does not run") }
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus == 0 { return }
    let reason = said.split(separator: "\n").last.map { ": \($0)" } ?? ""
    throw FileError(file, "\(trouble) by ffmpeg\(reason)", hint: hint)
  }
}
