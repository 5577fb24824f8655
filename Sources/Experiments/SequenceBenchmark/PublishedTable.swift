/// The speed table of the Seq-U-Net paper: training steps on a GTX 1080 under PyTorch 1.2.
///
/// Source: Stoller, Tian, Ewert, Dixon, "Seq-U-Net: A One-Dimensional Causal U-Net for Efficient Sequence
/// Modelling", 2019 (arXiv version 1), table 1.
enum PublishedTable {
  struct Row: Sendable {
    let task: String
    /// The preset here that has this shape.
    let model: String
    let secondsPerStep: Double
    let megabytes: Double
    /// Windows, or pieces of music, per step.
    let batch: Int
  }

  static let rows = [
    Row(task: "char", model: "tcn-char", secondsPerStep: 0.0694, megabytes: 445.9, batch: 16),
    Row(task: "char", model: "seq-u-net-char", secondsPerStep: 0.0286, megabytes: 304.9, batch: 16),
    Row(task: "word", model: "tcn-word", secondsPerStep: 0.0480, megabytes: 580.5, batch: 16),
    Row(task: "word", model: "seq-u-net-word", secondsPerStep: 0.0234, megabytes: 382.1, batch: 16),
    Row(task: "muse", model: "tcn-muse", secondsPerStep: 0.0059, megabytes: 108.5, batch: 1),
    Row(task: "muse", model: "seq-u-net-muse", secondsPerStep: 0.0065, megabytes: 75.3, batch: 1),
    Row(task: "jsb", model: "tcn-jsb", secondsPerStep: 0.0034, megabytes: 13.1, batch: 1),
    Row(task: "jsb", model: "seq-u-net-jsb", secondsPerStep: 0.0037, megabytes: 8.2, batch: 1),
    Row(task: "audio", model: "wavenet-audio", secondsPerStep: 1.4616, megabytes: 5294, batch: 2),
    Row(task: "audio", model: "seq-u-net-audio", secondsPerStep: 0.3621, megabytes: 1514, batch: 2),
  ]

  /// Frames generated per second one at a time, both with caches.
  static let generatedPerSecond = [(model: "wavenet-audio", rate: 69.0), (model: "seq-u-net-audio", rate: 309.0)]

  static let tasks = ["char", "word", "muse", "jsb", "audio"]

  /// How many times as long a step of the rival (TCN, or WaveNet as published) took as one of Seq-U-Net.
  static func speedup(_ task: String) -> Double? {
    guard let rival = rows.first(where: { $0.task == task && !$0.model.hasPrefix("seq-u-net") }),
      let ours = rows.first(where: { $0.task == task && $0.model.hasPrefix("seq-u-net") })
    else { return nil }
    return rival.secondsPerStep / ours.secondsPerStep
  }
}
