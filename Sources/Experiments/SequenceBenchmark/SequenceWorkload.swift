import Foundation
import SwiftDL
import SwiftDLModels

/// What is timed of a network.
public enum SequenceMeasurement: String, Sendable, CaseIterable {
  /// Forward, loss, backward, and an optimiser step of Adam.
  case training = "train"
  /// A forward pass over the window.
  case inference
  /// A frame drawn from what a whole forward pass over its context says: nothing is kept from frame to frame.
  case naiveGeneration = "generation_naive"
  /// The same by a stream, which keeps what it needs of the past: on one thread, frame by frame.
  case cachedGeneration = "generation_cached"

  public var isGeneration: Bool { self == .naiveGeneration || self == .cachedGeneration }
}

/// Work to be timed: a network with its weights, its data, and one call that does a unit of it.
struct SequenceWorkload {
  /// One training step, one forward pass, one frame generated, or as many as the window has outputs with caches: in a
  /// U-Net, frames differ in what they cost.
  let run: () -> Void
  /// Bytes that it works in, where they are not tensors': a stream's weights and what it remembers.
  private(set) var streamBytes: Int?

  /// - Parameters:
  ///   - window: frames in, and the latest ones whose outputs count; of generation, the context.
  ///   - weights: how a stream keeps its weights.
  init(
    _ model: SequenceModel, _ measurement: SequenceMeasurement, batch: Int, window: WindowLengths,
    weights: StreamWeights = .float32
  ) {
    switch model {
    case .seqUNet(let c):
      self.init(SeqUNet(c), model, measurement, batch, window, weights) { $0($1, $2) }
    case .seqUNetResidual(let c):
      self.init(SeqUNetResidual(c), model, measurement, batch, window, weights) { network, x, _ in network(x) }
    case .tcn(let c):
      self.init(TCN(c), model, measurement, batch, window, weights) { $0($1, $2) }
    case .waveNet(let c):
      self.init(WaveNet(c), model, measurement, batch, window, weights) { network, x, _ in network(x) }
    }
  }

  private init<M: StreamableNetwork>(
    _ network: M, _ model: SequenceModel, _ measurement: SequenceMeasurement, _ batch: Int,
    _ window: WindowLengths, _ weights: StreamWeights, _ forward: @escaping (M, Tensor, Context) -> Tensor
  ) {
    let data = SequenceData(model, batch: batch, window: window)
    switch measurement {
    case .training:
      // As `swiftdl train` does it, and PyTorch's beside it.
      let step = Self.training(network, data, window, forward)
      run = { ComputeContext.flushingSubnormals(step) }
    case .inference: run = { _ = forward(network, data.input, .inference) }
    case .naiveGeneration: run = Self.generation(network, data, forward)
    case .cachedGeneration:
      let stream = NetworkStream(network.streamProgram(weights: weights), batch: batch, block: 1)
      streamBytes = stream.stateBytes + stream.program.facts.weightBytes
      run = Self.generation(by: stream, data, frames: window.output)
    }
  }

  private static func training<M: Module>(
    _ network: M, _ data: SequenceData, _ window: WindowLengths, _ forward: @escaping (M, Tensor, Context) -> Tensor
  ) -> () -> Void {
    var network = network
    var optimizer = Adam(learningRate: 1e-4)
    var random = RandomStream(seed: 7)
    return {
      let context = Context(training: true, random: random)
      let gradients = valueAndGradients(of: network) { network in
        let scores = forward(network, data.input, context)
        let frames = scores.shape[1]
        let scored = frames == window.output ? scores : scores.sliced(axis: 1, frames - window.output..<frames)
        return data.loss(scored)
      }.gradients
      optimizer.update(&network, with: gradients)
      random = context.random
    }
  }

  private static func generation<M: Module>(
    _ network: M, _ data: SequenceData, _ forward: @escaping (M, Tensor, Context) -> Tensor
  ) -> () -> Void {
    var context = data.input
    var random = RandomStream(seed: 11)
    return {
      let scores = forward(network, context, .inference)
      let last = scores.sliced(axis: 1, scores.shape[1] - 1..<scores.shape[1]).scalars
      let next = Tensor([context.shape[0], 1, context.shape[2]], data.draw(from: last, &random))
      context = .concatenated([context.sliced(axis: 1, 1..<context.shape[1]), next], axis: 1)
    }
  }

  private static func generation(by stream: NetworkStream, _ data: SequenceData, frames: Int) -> () -> Void {
    var scores = [Float](repeating: 0, count: stream.batch * stream.program.facts.outputChannels)
    var next = data.input.sliced(axis: 1, 0..<1).scalars
    var random = RandomStream(seed: 11)
    return {
      for _ in 0..<frames {
        if stream.program.facts.inputChannels == nil {
          stream.step(next.map { Int32($0) }, into: &scores)
        } else {
          stream.step(next, into: &scores)
        }
        next = data.draw(from: scores, &random)
      }
    }
  }
}

/// Random symbols, or random vectors of zeros and ones, and what follows each.
private struct SequenceData {
  /// `[batch, frames, channels]`.
  let input: Tensor
  /// The symbols after the scored frames, row by row.
  private let symbols: [Int]?
  /// The vectors after the scored frames.
  private let vectors: Tensor

  init(_ model: SequenceModel, batch: Int, window: WindowLengths) {
    var random = RandomStream(seed: 1)
    let count: Int
    switch model.frame {
    case .vector(let inputs, let outputs):
      input = random.bernoulli([batch, window.input, inputs], probability: 0.05)
      vectors = random.bernoulli([batch, window.output, outputs], probability: 0.05)
      symbols = nil
      return
    case .symbol(let symbols): count = symbols
    }
    var (rows, next): ([Float], [Int]) = ([], [])
    for _ in 0..<batch {
      let row = (0...window.input).map { _ in random.integer(below: count) }
      rows += row.dropLast().map(Float.init)
      next += row.suffix(window.output)
    }
    input = Tensor([batch, window.input, 1], rows)
    symbols = next
    vectors = .zeros([0])
  }

  func loss(_ scores: Tensor) -> Tensor {
    symbols.map { crossEntropy(scores, $0) } ?? binaryCrossEntropyWithLogits(scores, vectors)
  }

  /// A frame drawn from the scores of each row.
  func draw(from scores: [Float], _ random: inout RandomStream) -> [Float] {
    if symbols == nil { return scores.map { random.number() < 1 / (1 + exp(-Double($0))) ? 1 : 0 } }
    let batch = input.shape[0]
    let channels = scores.count / batch
    return (0..<batch).map { row in
      let part = scores[row * channels..<(row + 1) * channels]
      let largest = part.max() ?? 0
      let weights = part.map { exp($0 - largest) }
      var left = Float(random.number()) * weights.reduce(0, +)
      let index = weights.firstIndex { weight in
        left -= weight
        return left < 0
      }
      return Float(index ?? channels - 1)
    }
  }
}
