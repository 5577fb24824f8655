import SwiftDL
import SwiftDLAudio

/// Where references and estimates of tracks lie.
enum EvaluationFolders {
  /// Track folders by name: `DIR/TRACK/STEM.ext`, or one level further down (`DIR/test/TRACK`,
  /// `DIR/MODEL/TRACK`).
  ///
  /// - Parameter preferred: the folder to descend into when there are several with tracks (`test`).
  static func tracks(in root: String, preferred: String? = nil) throws(FileError) -> [(
    name: String, folder: String
  )] {
    guard Folders.isDirectory(root) else {
      throw FileError(
        root, "there is no such folder", hint: "give a folder that holds TRACK/STEM.wav")
    }
    let direct = try trackFolders(in: root)
    if !direct.isEmpty { return direct }
    var found: [(parent: String, tracks: [(name: String, folder: String)])] = []
    for name in try Folders.names(in: root) where Folders.isDirectory("\(root)/\(name)") {
      let tracks = try trackFolders(in: "\(root)/\(name)")
      if name == preferred && !tracks.isEmpty { return tracks }
      if !tracks.isEmpty { found.append((name, tracks)) }
    }
    guard let first = found.first else {
      throw FileError(
        root, "no tracks found", hint: "expected TRACK/STEM.wav in this folder or one below it")
    }
    guard found.count == 1 else {
      throw FileError(
        root, "holds several sets of tracks: \(found.map(\.parent).joined(separator: ", "))",
        hint: "give one of these folders")
    }
    return first.tracks
  }

  private static func trackFolders(in root: String) throws(FileError) -> [(
    name: String, folder: String
  )] {
    var tracks: [(String, String)] = []
    for name in try Folders.names(in: root) where Folders.isDirectory("\(root)/\(name)") {
      if try !TrackFolder.audioFiles(in: "\(root)/\(name)").isEmpty {
        tracks.append((name, "\(root)/\(name)"))
      }
    }
    return tracks
  }
}
