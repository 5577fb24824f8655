public import SwiftDL
public import SwiftDLModels

/// What the program tells about a model: the numbers people compare, and every tensor.
public struct ModelDescription: Sendable {
  /// One tensor of a model.
  public struct TensorEntry: Sendable, Equatable {
    public let name: String
    public let shape: Shape
    /// Axes of PyTorch's layout of this tensor in our order: `ours = theirs.permute(axes)`.
    public let fromPyTorch: [Int]
  }

  public let name: String
  public let architecture: String
  public let parameters: Int
  public let facts: NetworkFacts
  public let tensors: [TensorEntry]

  public init(name: String, _ network: some Network) {
    self.name = name
    architecture = type(of: network).architecture
    parameters = network.parameterCount
    facts = network.facts
    let fields = network.parameters
    tensors = zip(fields.paths, fields.tensors).map { path, tensor in
      TensorEntry(name: path, shape: tensor.shape, fromPyTorch: Self.permutation(path, tensor))
    }
  }

  /// Ours are `[kernel…, in, out]` and `[in, out]`, PyTorch's `[out, in, kernel…]` and `[out, in]`: the last
  /// two axes come first there, the other way round. What is no weight, such as a table of vectors, is the same.
  private static func permutation(_ path: String, _ tensor: Tensor) -> [Int] {
    let rank = tensor.rank
    return rank < 2 || !path.lowercased().hasSuffix("weight") ? Array(0..<rank) : Array(2..<rank) + [1, 0]
  }

  private var fields: JSONObject {
    var fields: JSONObject = [
      "name": name, "architecture": architecture, "parameters": parameters,
      "inputFrames": facts.window.input, "outputFrames": facts.window.output,
      "receptiveField": facts.receptiveField.frames,
      "receptiveFieldBefore": facts.receptiveField.before,
      "receptiveFieldAfter": facts.receptiveField.after,
    ]
    if let rate = facts.sampleRate { fields["sampleRate"] = .integer(rate) }
    if let latency = facts.latency { fields["latencySeconds"] = .number(latency) }
    if let work = facts.multiplyAddsPerSecond { fields["multiplyAddsPerSecond"] = .number(work) }
    return fields
  }

  /// All of it as JSON.
  public var json: String {
    var object = fields
    object["tensors"] = .array(
      tensors.map { entry in
        let fields: JSONObject = [
          "name": entry.name, "shape": Array(entry.shape), "fromPyTorch": entry.fromPyTorch,
        ]
        return fields.json
      })
    return object.json.written(indentation: 2)
  }

  /// Several models as JSON, without their tensors.
  public static func json(_ models: [ModelDescription]) -> String {
    JSONValue.array(models.map(\.fields.json)).written(indentation: 2)
  }

  /// The numbers as lines for people.
  public var text: String {
    var lines = [
      ("name", name), ("architecture", architecture), ("parameters", Self.grouped(parameters)),
      ("window", "\(facts.window.input) frames in, \(facts.window.output) out"),
      (
        "receptive field",
        "\(facts.receptiveField.frames) frames (\(facts.receptiveField.before) before, \(facts.receptiveField.after) after)"
      ),
    ]
    if let rate = facts.sampleRate { lines.append(("sample rate", "\(rate) Hz")) }
    if let latency = facts.latency { lines.append(("latency", "\(Self.rounded(latency, 3)) s, window by window")) }
    if let work = facts.multiplyAddsPerSecond {
      lines.append(("multiply–adds", "\(Self.rounded(work / 1e9, 2)) G per second of audio"))
    }
    lines.append(("tensors", "\(tensors.count)"))
    return lines.map { $0.0.padding(to: 17) + $0.1 }.joined(separator: "\n")
  }

  /// Several models as a table for people.
  public static func table(_ models: [ModelDescription]) -> String {
    let header = ["name", "parameters", "frames in", "frames out", "receptive field", "G multiply–adds/s"]
    let rows = models.map { model in
      [
        model.name, grouped(model.parameters), "\(model.facts.window.input)", "\(model.facts.window.output)",
        "\(model.facts.receptiveField.frames)",
        model.facts.multiplyAddsPerSecond.map { rounded($0 / 1e9, 2) } ?? "",
      ]
    }
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    return ([header] + rows).map { row in
      row.enumerated().map { column, cell in
        column == 0
          ? cell.padding(to: widths[column])
          : String(repeating: " ", count: widths[column] - cell.count) + cell
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  private static func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text = "," + text }
      text = String(digit) + text
    }
    return text
  }

  private static func rounded(_ number: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    return "\((number * scale).rounded() / scale)"
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
}
