import Foundation
import SwiftDL

/// Where a run stands, besides weights, optimiser and seeds: a recipe's own value, kept in its checkpoints as JSON.
extension TrainingState {
  private static let progressKey = "progress"

  /// The state of a run at a place in its data, with one optimiser called `adam`.
  init(step: Int, epoch: Int, stepOfEpoch: Int, adam: OptimizerState, progress: some Encodable) {
    self.init()
    self.step = step
    self.epoch = epoch
    position = stepOfEpoch
    optimizers["adam"] = adam
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    notes[Self.progressKey] = (try? encoder.encode(progress)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// What `init(step:epoch:stepOfEpoch:adam:progress:)` was given.
  ///
  /// - Parameters:
  ///   - path: what errors call the checkpoint.
  ///   - kind: the kind of run, for errors.
  func progress<Progress: Decodable>(
    as type: Progress.Type, _ path: String, of kind: String
  ) throws(FileError) -> (adam: OptimizerState, progress: Progress) {
    guard let text = notes[Self.progressKey], let adam = optimizers["adam"],
      let progress = try? JSONDecoder().decode(type, from: Data(text.utf8))
    else { throw FileError(path, "is no checkpoint of a \(kind) run", hint: "start a new run") }
    return (adam, progress)
  }
}
