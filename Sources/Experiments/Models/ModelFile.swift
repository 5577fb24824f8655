import Foundation
public import SwiftDL
public import SwiftDLModels

/// Networks in files: safetensors whose metadata say how to rebuild them.
public enum ModelFile {
  static let architectureKey = "swiftdl.architecture"
  static let configurationKey = "swiftdl.configuration"

  /// The metadata that rebuild a network.
  public static func metadata(of network: some Network) -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let configuration = (try? encoder.encode(network.configuration)).map { String(decoding: $0, as: UTF8.self) }
    return [
      architectureKey: type(of: network).architecture, configurationKey: configuration ?? "{}",
    ]
  }

  /// Writes a network; other metadata, such as a name or scores, may go along.
  public static func save(
    _ network: some Network, to path: String, metadata: [String: String] = [:], as type: StoredFloat = .float32
  ) throws(FileError) {
    try network.save(to: path, metadata: metadata.merging(Self.metadata(of: network)) { _, new in new }, as: type)
  }

  /// Copies a model, whatever it is, to a file whose numbers are stored in another way.
  public static func convert(_ model: String, to path: String, as type: StoredFloat) throws(FileError) {
    let file = try SafeTensorsFile(try weights(model))
    try save(try load(model), to: path, metadata: file.metadata, as: type)
  }

  /// The file meant by a path: itself, the weights of a checkpoint's or the best ones of a run's folder, what comes
  /// trained under that name, or the user's own in `TrainedModels.own`.
  static func weights(_ path: String) throws(FileError) -> String {
    guard Folders.exists(path) else { return try trained(path) }
    guard Folders.isDirectory(path) else { return path }
    let folders = [path, "\(path)/checkpoints/best", "\(path)/checkpoints/last"]
    let places = ["\(path)/\(JointFiles.bestSeparation)"] + folders.map { "\($0)/\(Checkpoint.weightsName)" }
    let found = places.first(where: Folders.exists)
    guard let found else {
      throw FileError(path, "this folder holds no model", hint: "give a .safetensors file or a run's folder")
    }
    return found
  }

  /// The file of what comes trained under a name; what looks like a path is left for the reader to miss.
  private static func trained(_ name: String) throws(FileError) -> String {
    if let file = TrainedModels.file(of: name) { return file }
    if name.contains("/") || name.hasSuffix(".safetensors") { return name }
    let names = TrainedModels.all.map(\.name) + TrainedModels.ownNames
    if TrainedModels.all.contains(where: { $0.name == name }) {
      throw FileError(name, "comes with the program, but its file is not there", hint: "SWIFTDL_MODELS names its folder")
    }
    if presetNames.contains(name) {
      throw FileError(name, "is a preset, which has no weights yet", hint: "`swiftdl train` makes them")
    }
    let near = NearestName.hint(for: name, among: names, noun: "trained are")
    throw FileError(name, "is neither a file nor a model that comes trained", hint: near)
  }

  /// The name a model goes by when it has none: its file's, or its run's.
  public static func name(of path: String) -> String {
    var parts = path.split(separator: "/").map(String.init)
    while let last = parts.last, parts.count > 1,
      [Checkpoint.weightsName, "best", "last", "checkpoints"].contains(last)
    { parts.removeLast() }
    let name = parts.last ?? "model"
    return name.hasSuffix(".safetensors") ? String(name.dropLast(12)) : name
  }

  /// Reads a network of whatever kind a file, a checkpoint or a run's folder holds.
  public static func load(_ path: String) throws(FileError) -> any Network {
    let path = try weights(path)
    let file = try SafeTensorsFile(path)
    guard let architecture = file.metadata[architectureKey], let text = file.metadata[configurationKey] else {
      throw FileError(
        path, "holds tensors but does not say of which network",
        hint: "use a file written by `swiftdl train` or `swiftdl models init`")
    }
    guard let kind = networks.first(where: { $0.architecture == architecture }) else {
      throw FileError(
        path, "holds a network of the unknown kind “\(architecture)”",
        hint: "this program knows \(networks.map { $0.architecture }.joined(separator: ", "))")
    }
    return try load(kind, configuration: text, file)
  }

  /// Reads a network that separates.
  public static func loadSeparator(_ path: String) throws(FileError) -> any SeparationNetwork {
    let network = try load(path)
    if let network = network as? DetectSeparate { return VoiceSeparator(network) }
    guard let separator = network as? any SeparationNetwork else {
      throw FileError(
        path, "holds a \(type(of: network).architecture), which does not separate",
        hint: "use a model that `swiftdl train separation` wrote")
    }
    return separator
  }

  /// Reads a network of one kind.
  public static func load<N: Network>(_ kind: N.Type, from path: String) throws(FileError) -> N {
    let network = try load(path)
    guard let network = network as? N else {
      throw FileError(
        path, "holds a \(type(of: network).architecture), where a \(N.architecture) is needed")
    }
    return network
  }

  private static func load<N: Network>(
    _ kind: N.Type, configuration text: String, _ file: SafeTensorsFile
  ) throws(FileError) -> N {
    let configuration: N.Configuration
    do {
      configuration = try JSONDecoder().decode(N.Configuration.self, from: Data(text.utf8))
    } catch {
      throw FileError(file.path, "its configuration cannot be read", hint: "the file may come from another version")
    }
    if let problem = N.problem(with: configuration) {
      throw FileError(file.path, "its configuration is impossible: \(problem)")
    }
    var network = N(configuration, random: RandomStream(seed: 0))
    try network.load(from: file)
    return network
  }

  /// Fresh weights of a named preset.
  public static func preset(_ name: String, seed: UInt64 = 0) -> (any Network)? {
    for kind in networks {
      if let network = fresh(kind, name, seed) { return network }
    }
    return nil
  }

  private static func fresh<N: Network>(_ kind: N.Type, _ name: String, _ seed: UInt64) -> N? {
    kind.presets.first { $0.name == name }.map { N($0.configuration, random: RandomStream(seed: seed)) }
  }

  /// The kind of network that has a preset of this name.
  static func kind(ofPreset name: String) throws(ConfigurationError) -> any Network.Type {
    func has<N: Network>(_ kind: N.Type) -> Bool { kind.presets.contains { $0.name == name } }
    if let kind = networks.first(where: { has($0) }) { return kind }
    let near = NearestName.find(name, among: presetNames).map { "did you mean \($0)?" }
    throw ConfigurationError(
      "preset", "there is no preset “\(name)”", hint: near ?? "`swiftdl models list` shows the presets")
  }

  /// All preset names, in the order of the networks.
  public static var presetNames: [String] {
    func names<N: Network>(_ kind: N.Type) -> [String] { kind.presets.map(\.name) }
    return networks.flatMap { names($0) }
  }
}

extension ModelFile {
  /// A preset by name, or the network in a file.
  public static func find(_ nameOrPath: String) throws(FileError) -> any Network {
    let isPreset = !Folders.exists(nameOrPath) && TrainedModels.file(of: nameOrPath) == nil
    if isPreset, !nameOrPath.hasSuffix(".safetensors"), !nameOrPath.contains("/") { return try makePreset(nameOrPath) }
    return try load(nameOrPath)
  }

  /// Fresh weights of a preset, or an error that names the nearest one.
  public static func makePreset(_ name: String, seed: UInt64 = 0) throws(FileError) -> any Network {
    if let network = preset(name, seed: seed) { return network }
    let near = NearestName.find(name, among: presetNames).map { "did you mean \($0)? " } ?? ""
    throw FileError(name, "is neither a preset nor a file", hint: "\(near)`swiftdl models list` shows the presets")
  }
}
