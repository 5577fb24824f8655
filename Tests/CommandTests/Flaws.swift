import Foundation
import SwiftDL
import SwiftDLAudio

/// What can be wrong with a sound file.
enum SoundFlaw: String, CaseIterable, Sendable {
  case missing, empty, text, truncated, nan, zeroFrames, folder

  /// Replaces a sound file of the workshop by one with the flaw.
  func spoil(_ name: String, in workshop: Workshop) throws {
    let file = workshop(name)
    try? FileManager.default.removeItem(atPath: file)
    switch self {
    case .missing: break
    case .empty: try workshop.write(Data(), to: name)
    case .text: try workshop.write(Data("This is no music.\n".utf8), to: name)
    case .truncated:
      try workshop.sound(name, frames: 8000)
      try workshop.write(try workshop.bytes(name).dropLast(5000), to: name)
    case .nan: try workshop.sound(name, frames: 8000, nan: 4321)
    case .zeroFrames: try workshop.sound(name, frames: 0)
    case .folder: try Folders.create(file)
    }
  }
}

/// What can be wrong with a model's file.
enum ModelFlaw: String, CaseIterable, Sendable {
  case missing, empty, text, sound, truncated, otherShapes, otherArchitecture, foreign, folder

  /// Writes a file with the flaw and returns its path.
  func model(in workshop: Workshop) throws -> String {
    let file = try workshop.model("spoiled.safetensors")
    let bytes = try workshop.bytes("spoiled.safetensors")
    func replacing(_ old: String, _ new: String) throws {
      var changed = bytes
      guard let range = bytes.range(of: Data(old.utf8)) else {
        throw FileError(file, "has no \(old)")
      }
      changed.replaceSubrange(range, with: Data(new.utf8))
      try workshop.write(changed, to: "spoiled.safetensors")
    }
    switch self {
    case .missing: try FileManager.default.removeItem(atPath: file)
    case .empty: try workshop.write(Data(), to: "spoiled.safetensors")
    case .text: try workshop.write(Data("weights: none at all\n".utf8), to: "spoiled.safetensors")
    case .sound: try workshop.sound("spoiled.safetensors")
    case .truncated: try workshop.write(bytes.dropLast(100), to: "spoiled.safetensors")
    case .otherShapes: try replacing("\\\"filters\\\":6", "\\\"filters\\\":8")
    case .otherArchitecture: try replacing("\"wave-u-net\"", "\"wave-x-net\"")
    case .foreign:
      var tensors = ParameterValues()
      tensors.append("layer.weight", Tensor([2, 3], [1, 2, 3, 4, 5, 6]))
      try SafeTensorsFile.write(tensors, to: file)
    case .folder:
      try FileManager.default.removeItem(atPath: file)
      try Folders.create(file)
    }
    return file
  }
}
