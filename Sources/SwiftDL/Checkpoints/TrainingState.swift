/// Everything a training run needs to go on exactly where it was, besides the model: optimisers,
/// random streams, the place in the data, averaged weights, and whatever else the recipe wants to
/// keep.
public struct TrainingState: Sendable {
  /// Updates made.
  public var step = 0
  /// Epochs completed.
  public var epoch = 0
  /// Batches taken in the present epoch.
  public var position = 0
  /// By name: one for a plain recipe, several for an adversarial one.
  public var optimizers: [String: OptimizerState] = [:]
  public var randomStreams: [String: RandomStream] = [:]
  /// Further tensors by name, such as averaged weights.
  public var values: [String: ParameterValues] = [:]
  /// Further strings by name, such as a schedule as JSON.
  public var notes: [String: String] = [:]

  public init() {}
}

/// How a state lies in a safetensors file: numbers and strings in the metadata, tensors under
/// `kind/name/path`.
extension TrainingState {
  var file: (tensors: ParameterValues, metadata: [String: String]) {
    var tensors = ParameterValues()
    var metadata = ["step": "\(step)", "epoch": "\(epoch)", "position": "\(position)"]
    func append(_ prefix: String, _ values: ParameterValues) {
      for (path, tensor) in zip(values.paths, values.tensors) {
        tensors.append(prefix + path, tensor)
      }
    }
    for (name, state) in optimizers.sorted(by: { $0.key < $1.key }) {
      Self.check(name)
      metadata["optimizer/\(name)"] = "\(state.step) \(state.learningRate)"
      append("first/\(name)/", state.first)
      append("second/\(name)/", state.second)
    }
    for (name, stream) in randomStreams {
      metadata["random/\(name)"] = "\(stream.key) \(stream.position)"
    }
    for (name, values) in values.sorted(by: { $0.key < $1.key }) {
      Self.check(name)
      metadata["value/\(name)"] = "\(values.paths.count)"
      append("value/\(name)/", values)
    }
    for (name, note) in notes { metadata["note/\(name)"] = note }
    return (tensors, metadata)
  }

  private static func check(_ name: String) {
    precondition(!name.contains("/"), "TrainingState: the name \"\(name)\" contains a slash")
  }

  init(
    _ tensors: ParameterValues, _ metadata: [String: String], _ filePath: String
  ) throws(FileError) {
    func number<Number: LosslessStringConvertible>(
      _ text: some StringProtocol, _ type: Number.Type, _ key: String
    ) throws(FileError) -> Number {
      guard let number = Number(String(text)) else {
        throw FileError(filePath, "has no number under \"\(key)\"", hint: "it is no training state")
      }
      return number
    }
    func pair(_ key: String, _ text: String) throws(FileError) -> [Substring] {
      let parts = text.split(separator: " ")
      if parts.count == 2 { return parts }
      throw FileError(
        filePath, "has no two numbers under \"\(key)\"", hint: "it is no training state")
    }
    step = try number(metadata["step"] ?? "", Int.self, "step")
    epoch = try number(metadata["epoch"] ?? "", Int.self, "epoch")
    position = try number(metadata["position"] ?? "", Int.self, "position")
    for (key, text) in metadata {
      let parts = key.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      let name = String(parts[1])
      switch parts[0] {
      case "optimizer":
        let numbers = try pair(key, text)
        var state = OptimizerState(learningRate: try number(numbers[1], Float.self, key))
        state.step = try number(numbers[0], Int.self, key)
        state.first = Self.part("first/\(name)/", tensors)
        state.second = Self.part("second/\(name)/", tensors)
        optimizers[name] = state
      case "random":
        let numbers = try pair(key, text)
        randomStreams[name] = RandomStream(
          seed: try number(numbers[0], UInt64.self, key),
          position: try number(numbers[1], UInt64.self, key))
      case "value": values[name] = Self.part("value/\(name)/", tensors)
      case "note": notes[name] = text
      default: break
      }
    }
  }

  /// The tensors under a prefix, without it.
  private static func part(_ prefix: String, _ tensors: ParameterValues) -> ParameterValues {
    var part = ParameterValues()
    for (name, tensor) in zip(tensors.paths, tensors.tensors) where name.hasPrefix(prefix) {
      part.append(String(name.dropFirst(prefix.count)), tensor)
    }
    return part
  }
}
