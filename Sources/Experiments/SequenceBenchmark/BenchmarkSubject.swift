import SwiftDL
public import SwiftDLModels

/// What a figure of the suite is about: which network, doing what, how large, computed by whom.
public struct BenchmarkSubject: Sendable, Hashable {
  /// How networks are made comparable, or what is varied.
  public enum Division: String, Sendable, CaseIterable {
    case asPublished = "as-published"
    case matchedContext = "matched-context"
    case matchedParameters = "matched-parameters"
    case contextSweep = "context-sweep"
    case lengthSweep = "length-sweep"
    case batchSweep = "batch-sweep"
    case threadsSweep = "threads-sweep"
    case precisionSweep = "precision-sweep"

    var isSweep: Bool { rawValue.hasSuffix("-sweep") }
  }
  /// Who computes.
  public enum System: String, Sendable, CaseIterable {
    case ours
    case eager = "pytorch_eager"
    case compiled = "pytorch_compiled"
  }

  public var division: Division
  /// The data the network was published for; of matched networks, “symbols”.
  public var task: String
  public var model: String
  public var measurement: SequenceMeasurement
  public var batch: Int
  public var window: WindowLengths
  public var threads: Int
  /// How exactly it computes: a `Precision`; of generation with caches, how weights are kept, a `StreamWeights`.
  public var precision: String
  public var system = System.ours
  public var receptiveField: Int
  public var parameters: Int
  /// Multiply–adds of one forward pass over one window; of generation with caches, of the frames generated.
  public var multiplyAdds: Int

  init(
    _ division: Division, task: String, _ name: String, _ model: SequenceModel, _ measurement: SequenceMeasurement,
    batch: Int, window: WindowLengths, threads: Int, precision: String? = nil
  ) {
    (self.division, self.task, self.model, self.measurement) = (division, task, name, measurement)
    (self.batch, self.window, self.threads) = (batch, window, threads)
    self.precision = precision ?? Self.usualPrecision(measurement, ComputeContext.current.precision)
    receptiveField = model.receptiveField
    parameters = model.parameterCount
    // What one more output costs, with caches, is what a window with more outputs costs more.
    let wider = model.window(forOutputFrames: 2 * window.output)
    multiplyAdds =
      measurement == .cachedGeneration
      ? (model.multiplyAdds(wider) - model.multiplyAdds(model.window(forOutputFrames: window.output))) * window.output
        / (wider.output - model.window(forOutputFrames: window.output).output)
      : model.multiplyAdds(window)
  }

  private static func usualPrecision(_ measurement: SequenceMeasurement, _ computing: Precision) -> String {
    measurement == .cachedGeneration ? StreamWeights.float32.rawValue : computing.rawValue
  }

  /// Output frames that one unit of work is for.
  public var outputs: Int { measurement == .naiveGeneration ? batch : batch * window.output }

  /// The number a sweep varies.
  public var sweptValue: Int? {
    switch division {
    case .contextSweep: receptiveField
    case .lengthSweep: window.output
    case .batchSweep: batch
    case .threadsSweep: threads
    case .asPublished, .matchedContext, .matchedParameters, .precisionSweep: nil
    }
  }

  /// The name two files are compared by: `as-published/audio/wavenet-audio/batch:1/train/ours`.
  public var name: String {
    var parts = [division.rawValue, task, model]
    switch division {
    case .contextSweep: parts.append("receptive_field:\(receptiveField)")
    case .lengthSweep: parts.append("outputs:\(window.output)")
    case .precisionSweep: parts.append("precision:\(precision)")
    case .asPublished, .matchedContext, .matchedParameters, .batchSweep, .threadsSweep: break
    }
    return (parts + ["batch:\(batch)", "threads:\(threads)", measurement.rawValue, system.rawValue])
      .joined(separator: "/")
  }
}

extension BenchmarkSubject {
  /// The facts as counters of a benchmark.
  var json: JSONObject {
    [
      "division": division.rawValue, "task": task, "model": model, "measurement": measurement.rawValue,
      "system": system.rawValue, "batch": batch, "threads": threads, "input_frames": window.input,
      "output_frames": window.output, "precision": precision, "receptive_field": receptiveField, "parameters": parameters,
      "multiply_adds": multiplyAdds,
    ]
  }

  /// The subject that counters tell of; `nil` when they tell of something else.
  init?(json: JSONObject) {
    guard let division = json["division"]?.string.flatMap(Division.init), let task = json["task"]?.string,
      let model = json["model"]?.string,
      let measurement = json["measurement"]?.string.flatMap(SequenceMeasurement.init),
      let system = json["system"]?.string.flatMap(System.init), let batch = json["batch"]?.integer,
      let threads = json["threads"]?.integer, let input = json["input_frames"]?.integer,
      let output = json["output_frames"]?.integer, let receptiveField = json["receptive_field"]?.integer,
      let parameters = json["parameters"]?.integer, let multiplyAdds = json["multiply_adds"]?.integer
    else { return nil }
    (self.division, self.task, self.model, self.measurement) = (division, task, model, measurement)
    (self.batch, self.threads, self.system) = (batch, threads, system)
    window = WindowLengths(input: input, output: output)
    precision = json["precision"]?.string ?? Self.usualPrecision(measurement, .highest)
    (self.receptiveField, self.parameters, self.multiplyAdds) = (receptiveField, parameters, multiplyAdds)
  }
}
