public import SwiftDL

extension TrackScores {
  /// Writes `FOLDER/METHOD/test/TRACK.json`, where museval's
  /// `EvalStore.add_eval_dir("FOLDER/METHOD")` and `MethodStore.add_eval_dir` look for it.
  public func write(to folder: String, method: String) throws(FileError) {
    let tracks = "\(folder)/\(method)/test"
    try Folders.create(tracks)
    try AtomicFile.write(musevalJSON, to: "\(tracks)/\(track).json")
  }
}
