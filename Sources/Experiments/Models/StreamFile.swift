public import SwiftDL
import SwiftDLModels

/// Causal models as files for the C library: programs of layers with their weights, and a note in JSON.
public enum StreamFile {
  /// Writes the model that a preset's name, a file or a run's folder means.
  public static func write(_ model: String, to path: String) throws(FileError) {
    guard let network = try ModelFile.find(model) as? any StreamableNetwork else {
      throw FileError(
        model, "is no causal model, so it cannot run frame by frame", hint: "Seq-U-Net, TCN and WaveNet can")
    }
    let metadata = Folders.exists(model) ? try SafeTensorsFile(ModelFile.weights(model)).metadata : [:]
    let bytes = network.streamBytes(note: note(ModelFile.name(of: model), network, vocabulary: metadata["vocabulary"]))
    let file = try AtomicFile(path)
    try file.write(bytes)
    try file.commit()
  }

  private static func note(_ name: String, _ network: any StreamableNetwork, vocabulary: String?) -> String {
    let facts = network.facts
    var note: JSONObject = [
      "name": name, "architecture": type(of: network).architecture, "receptive_field": facts.receptiveField.frames,
      "parameters": network.parameterCount,
    ]
    if let rate = facts.sampleRate { note["sample_rate"] = .integer(rate) }
    if let symbols = vocabulary.flatMap({ try? JSONValue(parsing: $0) }) { note["vocabulary"] = symbols }
    return note.json.text
  }
}
