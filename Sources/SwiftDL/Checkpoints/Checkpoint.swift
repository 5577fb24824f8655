/// A folder with a model and the state of its training: `weights.safetensors`, which is all that
/// inference needs, and `state.safetensors`.
///
/// The folder appears whole or not at all. The state carries checksums of itself and of its
/// weights, so a pair that was put together by hand, or damaged later, is noticed.
public enum Checkpoint {
  public static let weightsName = "weights.safetensors"
  public static let stateName = "state.safetensors"

  /// Writes a folder that does not exist yet, or replaces one that does.
  ///
  /// - Parameter metadata: goes into the weights' file: the configuration, a model card.
  public static func write(
    _ model: some Module, _ state: TrainingState, metadata: [String: String] = [:],
    to folder: String
  ) throws(FileError) {
    let temporary = Folders.temporaryName(for: folder)
    Folders.remove(temporary)
    try Folders.create(temporary)
    do throws(FileError) {
      try model.save(
        to: "\(temporary)/\(weightsName)",
        metadata: metadata.merging(["step": "\(state.step)"]) { _, own in own })
      var file = state.file
      file.metadata["weights-checksum"] = model.fields.checksum()
      file.metadata["checksum"] = file.tensors.checksum(file.metadata)
      try SafeTensorsFile.write(
        file.tensors, metadata: file.metadata, to: "\(temporary)/\(stateName)")
      try Folders.replace(folder, with: temporary)
    } catch {
      Folders.remove(temporary)
      throw error
    }
  }

  /// Reads a folder into a model of the same configuration; after an error the model is as it was.
  public static func read(
    into model: inout some Module, from folder: String
  ) throws(FileError) -> TrainingState {
    let path = "\(folder)/\(stateName)"
    var (tensors, metadata) = try SafeTensorsFile.read(path)
    let checksum = metadata.removeValue(forKey: "checksum")
    guard checksum == tensors.checksum(metadata) else {
      throw FileError(
        path, "is damaged, or no training state", hint: "resume from another checkpoint")
    }
    let state = try TrainingState(tensors, metadata, path)
    var loaded = model
    try loaded.load(from: "\(folder)/\(weightsName)")
    guard metadata["weights-checksum"] == loaded.fields.checksum() else {
      throw FileError(
        folder, "\(stateName) belongs to other weights than \(weightsName) holds",
        hint: "resume from another checkpoint")
    }
    model = loaded
    return state
  }
}
