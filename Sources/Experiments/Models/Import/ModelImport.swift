import SwiftDL
import SwiftDLModels

/// Weights as their authors publish them, made a model of ours.
public enum ModelImport {
  /// Reads the weights of a preset's network from a `.safetensors` or `.npz` file with its author's names and writes the
  /// model.
  ///
  /// - Parameters:
  ///   - settings: `model.KEY=VALUE`, where the network is not quite the preset's.
  /// - Returns: how many tensors of the file were not needed.
  /// - Throws: `FileError` for tensors that are missing or of another shape, `ConfigurationError` for networks whose
  ///   authors published none.
  public static func run(
    _ path: String, preset: String, settings: [String] = [], to output: String
  ) throws -> Int {
    func run<N: SeparationNetwork & AuthorLayout>(_ kind: N.Type) throws -> Int {
      let configuration = try ConfigurationLoader.load(
        SeparationConfiguration<N>.self, base: SeparationConfiguration(preset: preset), overrides: settings)
      var network = N(configuration.model, random: RandomStream(seed: 0))
      let unused = try fill(&network, from: try ForeignTensors(path))
      try ModelFile.save(network, to: output)
      return unused
    }
    guard let kind = try ModelFile.kind(ofPreset: preset) as? any (SeparationNetwork & AuthorLayout).Type else {
      throw ConfigurationError(
        "--preset", "the weights of \(preset) are published nowhere", hint: "wave-u-net presets have authors' layouts")
    }
    return try run(kind)
  }

  private static func fill(_ network: inout some AuthorLayout, from file: ForeignTensors) throws(FileError) -> Int {
    let names = Set(file.names)
    let layout = network
    var used: Set<String> = []
    var failure: FileError?

    /// The name as the file spells it.
    func found(_ name: String) throws(FileError) -> String {
      for prefix in type(of: layout).prefixes {
        for suffix in ["", ":0"] where names.contains(prefix + name + suffix) { return prefix + name + suffix }
      }
      let near = NearestName.find(name, among: file.names).map { "did you mean \($0)? " } ?? ""
      throw FileError(file.path, "has no tensor “\(name)”", hint: "\(near)is it another preset's file?")
    }
    func value(_ path: String, _ shape: Shape) throws(FileError) -> Tensor {
      guard let place = layout.authorTensor(path) else { throw FileError(file.path, "has no place for “\(path)”") }
      var parts: [Tensor] = []
      for name in place.names {
        let name = try found(name)
        used.insert(name)
        let tensor = try file.tensor(name)
        if let permutation = place.permutation, tensor.rank != permutation.count {
          throw FileError(
            file.path, "tensor “\(name)” has shape \(tensor.shape), where \(permutation.count) axes are needed")
        }
        parts.append(place.permutation.map { tensor.permuted($0) } ?? tensor)
      }
      let whole = parts.count == 1 ? parts[0] : .concatenated(parts, axis: parts[0].rank - 1)
      guard whole.shape == shape else {
        throw FileError(
          file.path, "tensor “\(place.names[0])” makes \(whole.shape), where the network has \(shape)",
          hint: "is it another preset's file?")
      }
      return whole
    }
    network.forEachField { _, path, tensor in
      if failure != nil { return }
      do throws(FileError) { tensor = try value(path, tensor.shape) } catch { failure = error }
    }
    if let failure { throw failure }
    return names.count - used.count
  }
}
