public import SwiftDL
import SwiftDLModels

/// Generates frame by frame: the network's layers run as a stream, each at its own rate.
public struct Generator {
  private let model: GeneratorModel
  private let stream: NetworkStream

  /// - Parameter count: rows made at the same time; the weights are read once for all.
  public init(_ model: GeneratorModel, count: Int = 1, weights: StreamWeights = .float32) {
    self.model = model
    stream = NetworkStream(model.network.streamProgram(weights: weights), batch: count, block: max(1, 64 / count))
  }

  /// Symbols, or piano rolls, of every row: prompt and all.
  public enum Made: Sendable {
    case symbols([[Int32]])
    case rolls([PianoRoll])

    /// Frames of a row.
    public var frames: Int {
      switch self {
      case .symbols(let rows): rows.first?.count ?? 0
      case .rolls(let rolls): rolls.first?.frames ?? 0
      }
    }
  }

  /// Runs the prompt, then `frames` frames, each fed back.
  ///
  /// - Parameters:
  ///   - progress: told after every frame how many there are; generation ends when it returns false.
  /// - Throws: when the network's outputs are no numbers.
  public func callAsFunction(
    _ prompt: GenerationPrompt, frames: Int, options: SamplingOptions, progress: (Int) -> Bool
  ) throws(FileError) -> Made {
    let count = stream.batch
    var samplers = (0..<count).map { SymbolSampler(options, row: $0) }
    let outputs = stream.program.facts.outputChannels
    func prime(_ input: Tensor) -> [Float] {
      model.network.prime(stream, with: .concatenated(Array(repeating: input, count: count), axis: 0)).scalars
    }
    func row(_ scores: [Float], _ row: Int) -> ArraySlice<Float> { scores[row * outputs..<(row + 1) * outputs] }
    let broken = FileError(
      model.name, "computes scores that are no numbers", hint: "its weights are broken; train it again")

    if let symbols = prompt.symbols {
      var scores = prime(Tensor([1, symbols.count, 1], symbols.map(Float.init)))
      var rows = Array(repeating: Array(symbols.suffix(prompt.given)), count: count)
      var next = [Int32](repeating: 0, count: count)
      for frame in 0..<frames {
        for index in 0..<count {
          guard let symbol = samplers[index].symbol(from: row(scores, index)) else { throw broken }
          next[index] = symbol
          rows[index].append(symbol)
        }
        if !progress(frame + 1) { break }
        if frame < frames - 1 { stream.step(next, into: &scores) }
      }
      return .symbols(rows)
    }
    var scores = prime(prompt.roll.tensor(0..<prompt.roll.frames))
    var rows = Array(repeating: prompt.given > 0 ? prompt.roll.isSounding : [], count: count)
    var next = [Float](repeating: 0, count: count * PianoRoll.keys)
    for frame in 0..<frames {
      for index in 0..<count {
        guard let keys = samplers[index].keys(from: row(scores, index)) else { throw broken }
        rows[index] += keys
        for (key, sounds) in keys.enumerated() { next[index * PianoRoll.keys + key] = sounds ? 1 : 0 }
      }
      if !progress(frame + 1) { break }
      if frame < frames - 1 { stream.step(next, into: &scores) }
    }
    return .rolls(
      rows.map { sounding in
        var roll = PianoRoll(frames: sounding.count / PianoRoll.keys)
        roll.isSounding = sounding
        return roll
      })
  }
}
