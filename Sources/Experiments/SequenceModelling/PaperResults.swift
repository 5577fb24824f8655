/// A row of the paper's table: a task, its data, and what the paper found (Seq-U-Net, arXiv version 1, 2019, table 1).
public struct PaperTask: Sendable {
  /// What a model reached there.
  public struct Figures: Sendable {
    public let train: Double
    public let test: Double
  }

  /// The word for the row on the command line.
  public let name: String
  public let task: SequenceTask
  /// Where the data lie in the folder of all data, the first that is there.
  public let places: [String]
  /// Preset and figures by model; figures that the paper does not have are missing.
  public let models: [(model: SequenceModelKind, preset: String, paper: Figures?)]
  /// Settings that differ from the task's defaults.
  public let settings: [String]

  public static let all: [PaperTask] = [
    PaperTask(
      name: "char", task: .characters, places: ["penn", "."],
      models: [
        (.tcn, "tcn-char", .init(train: 1.066, test: 1.31)), (.seqUNet, "seq-u-net-char", .init(train: 1.08, test: 1.30)),
      ], settings: ["data.lineEnds=false"]),
    PaperTask(
      name: "word", task: .words, places: ["penn", "."],
      models: [
        (.tcn, "tcn-word", .init(train: 47.21, test: 108.47)),
        (.seqUNet, "seq-u-net-word", .init(train: 40.43, test: 107.95)),
      ], settings: []),
    PaperTask(
      name: "muse", task: .music, places: ["piano-rolls/MuseData.mat", "MuseData.mat"],
      models: [
        (.tcn, "tcn-muse", .init(train: 5.789, test: 6.931)),
        (.seqUNet, "seq-u-net-muse", .init(train: 5.794, test: 6.969)),
      ], settings: []),
    PaperTask(
      name: "nottingham", task: .music, places: ["piano-rolls/Nottingham.mat", "Nottingham.mat"],
      models: [
        (.tcn, "tcn-nottingham", .init(train: 1.409, test: 2.783)),
        (.seqUNet, "seq-u-net-nottingham", .init(train: 1.850, test: 2.97)),
      ], settings: []),
    PaperTask(
      name: "jsb", task: .music, places: ["piano-rolls/JSB_Chorales.mat", "JSB_Chorales.mat"],
      models: [
        (.tcn, "tcn-jsb", .init(train: 6.178, test: 8.154)),
        (.seqUNet, "seq-u-net-jsb", .init(train: 6.151, test: 8.173)),
      ], settings: []),
    PaperTask(
      name: "piano-midi", task: .music, places: ["piano-rolls/Piano_midi.mat", "Piano_midi.mat"],
      models: [(.tcn, "tcn-piano-midi", nil), (.seqUNet, "seq-u-net-piano-midi", nil)], settings: []),
    PaperTask(
      name: "copy", task: .copyMemory, places: [],
      models: [(.tcn, "tcn-copy", nil), (.seqUNet, "seq-u-net-copy", nil)], settings: []),
    PaperTask(
      name: "audio", task: .audio, places: ["piano"],
      models: [
        (.waveNet, "wavenet-audio-cropped", .init(train: 1.76, test: 1.88)),
        (.seqUNet, "seq-u-net-audio", .init(train: 1.83, test: 1.93)),
      ], settings: []),
  ]
}
