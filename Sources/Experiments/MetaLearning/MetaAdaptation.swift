import SwiftDL
public import SwiftDLModels

/// Fine-tunes a network on few examples of a task: Adam on all of its weights.
public struct MetaAdaptation: Sendable {
  public var steps = 100
  public var rate: Float = 2e-3
  /// Examples in a step; of fewer ones all.
  public var batchSize = 8
  /// The largest norm of a step's gradient.
  public var clip: Float = 5
  public var seed = 0

  public init() {}

  /// A task adapted to.
  public struct Result: Sendable {
    public let network: UniversalMIR
    /// On probabilities, where one decides.
    public let threshold: Double
    /// Steps made and the task's figure then, of the examples it is judged by.
    public internal(set) var scores: [(step: Int, score: Double)]
    /// The loss of the last step.
    public let loss: Double
  }

  /// Descends.
  ///
  /// - Parameters:
  ///   - initial: whose trunk is taken; its head is replaced by a fresh one for the task.
  ///   - examples: to adapt on.
  ///   - judged: examples that figures are wanted of.
  ///   - after: the numbers of steps after which they are.
  ///   - progress: told steps made and the loss; stops the descent by saying no, and the result is `nil`.
  func run(
    _ initial: UniversalMIR, _ task: MIRTask, on examples: [MIRExample], judged: [MIRExample], after: [Int],
    progress: (Int, Double) -> Bool = { _, _ in true }
  ) throws -> Result? {
    let objective = MIRObjective(task, initial.configuration)
    let random = RandomStream(seed: UInt64(seed)).stream("adaptation to \(task.name)")
    var network = initial.with(head: objective.shape.head, random: random.stream("head"))
    var optimizer = Adam(learningRate: rate)
    var scores: [(step: Int, score: Double)] = []
    var last = 0.0
    func look(_ step: Int) {
      guard after.contains(step), !judged.isEmpty else { return }
      let threshold = objective.threshold(of: network, on: examples)
      scores.append((step, objective.score(objective.outputs(of: network, judged), judged, threshold: threshold)))
    }
    look(0)
    for step in 0..<steps {
      var draw = random.stream("steps").stream(step)
      let batch = draw.permutation(of: examples.count).prefix(batchSize).map { examples[$0] }
      let sounds = objective.sounds(batch)
      let context = Context(training: true, random: draw)
      var (loss, gradients) = valueAndGradients(of: network) { objective.loss($0(sounds, context), batch) }
      guard loss.scalar.isFinite, gradients.isFinite else {
        throw FileError(task.name, "the loss stopped being a number at step \(step + 1)", hint: "choose a smaller --rate")
      }
      gradients.clip(toGlobalNorm: clip)
      optimizer.update(&network, with: gradients)
      last = Double(loss.scalar)
      look(step + 1)
      if !progress(step + 1, last) { return nil }
    }
    return Result(network: network, threshold: objective.threshold(of: network, on: examples), scores: scores, loss: last)
  }

  /// Adapts the network in a file to the task in a folder, and writes the result.
  ///
  /// - Parameters:
  ///   - initial: a universal network: a file, a preset, or the folder of a run of `swiftdl train meta`.
  ///   - examples: how many of the task's, chosen by the seed; all when `nil`.
  /// - Returns: the task, and the figures of its test part before and after, where it has one; `nil` when stopped.
  public func adapt(
    _ initial: String, to folder: String, examples: Int?, output: String, progress: (Int, Double) -> Bool
  ) throws -> (task: MIRTask, result: Result)? {
    let place = output.lastIndex(of: "/").map { String(output[..<$0]) } ?? ""
    guard place.isEmpty || Folders.isDirectory(place) else {
      throw FileError(output, "cannot be written: its folder does not exist", hint: "make the folder first")
    }
    let network = try Self.network(initial)
    let task = try MIRTask(folder, for: network.configuration)
    let few = examples.map { task.few($0, seed: seed) } ?? task.train
    guard
      let result = try run(
        network, task, on: few, judged: task.examples[.test] ?? [], after: [0, steps], progress: progress)
    else { return nil }
    var metadata = [
      "task": task.name, "kind": task.kind.rawValue, "threshold": "\(result.threshold)", "examples": "\(few.count)",
    ]
    if !task.classes.isEmpty { metadata["classes"] = task.classes.joined(separator: ",") }
    try ModelFile.save(result.network, to: output, metadata: metadata)
    return (task, result)
  }

  /// A universal network by file, preset or run.
  static func network(_ name: String) throws -> UniversalMIR {
    let trained = "\(name)/model.safetensors"
    let path = Folders.isDirectory(name) && Folders.exists(trained) ? trained : name
    guard let network = try ModelFile.find(path) as? UniversalMIR else {
      throw FileError(
        name, "is no universal network", hint: "universal-mir-small, or the folder of a run of `swiftdl train meta`")
    }
    return network
  }
}
