import Experiments
import Foundation
import SwiftDL
import SwiftDLAudio

/// Small tasks in a folder: tones and clicks, a sixteenth of a second each, for the network `universal-mir-tiny`.
struct TaskFolders {
  let path: String

  init(_ path: String) { self.path = path }

  /// Writes a task of a kind, four songs to learn from and two to be tested on, two clips each.
  func write(_ name: String, kind: MIRTaskKind) throws {
    try text("kind: \(kind.rawValue)\n", "\(name)/task.yaml")
    for (part, songs) in [("train", 4), ("test", 2)] {
      var rows: [String] = []
      for clip in 0..<2 * songs {
        let file = "\(clip).wav"
        try sound("\(name)/\(part)/\(file)", seed: UInt64(clip), pitch: Float(clip % 2 + 1))
        if kind == .source { try sound("\(name)/\(part)/\(clip)-one.wav", seed: UInt64(clip), pitch: 2) }
        let labels: [String] =
          switch kind {
          case .activity: clip == 0 ? [","] : ["0.01,0.04"]
          case .source: ["\(clip)-one.wav"]
          case .onsets, .beats: ["0.01", "0.04"]
          case .tempo: ["\(80 + 20 * (clip % 2))"]
          case .key: [["C major", "A minor"][clip % 2]]
          case .chords: ["0,0.03,C:maj", "0.03,0.064,A:min"]
          case .classes: [["low", "high"][clip % 2]]
          case .notes: ["0.004,0.03,60", "0.02,0.06,64"]
          }
        rows += labels.map { "\(file),\(part)-\(clip / 2),\($0)" }
      }
      try text((["file,song," + kind.shownColumns] + rows).joined(separator: "\n") + "\n", "\(name)/\(part)/labels.csv")
    }
  }

  func text(_ text: String, _ name: String) throws {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  func sound(_ name: String, frames: Int = 256, seed: UInt64 = 1, pitch: Float = 1) throws {
    try text("", name)
    var random = RandomStream(seed: seed)
    let noise = random.normal([frames], standardDeviation: 0.02).scalars
    let samples = noise.enumerated().map { $1 + 0.3 * (Int(Float($0) * pitch / 8) % 2 == 0 ? 1 : -1) }
    try AudioFile.write(AudioBuffer(samples: samples, channels: 1, sampleRate: 4000), to: "\(path)/\(name)")
  }
}

extension MIRTaskKind {
  var shownColumns: String {
    switch self {
    case .activity: "start,end"
    case .source: "target"
    case .onsets, .beats: "time"
    case .tempo: "bpm"
    case .key: "key"
    case .chords: "start,end,chord"
    case .classes: "class"
    case .notes: "start,end,pitch"
    }
  }
}
