import Experiments
import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

@Suite struct SeparationEvaluationTests {
  static let frames = 12_000

  /// Two tracks of 1.5 s at 8 kHz, mono (512-tap filters of three stereo sources take seconds):
  /// vocals, drums, bass.
  static func writeReferences(_ root: TemporaryFolder, to folder: String = "refs/test") throws {
    for (index, track) in ["A", "B"].enumerated() {
      for (part, stem) in ["vocals", "drums", "bass"].enumerated() {
        try root.write(
          noise(frames, seed: UInt64(10 * index + part)), channels: 1,
          to: "\(folder)/\(track)/\(stem).wav")
      }
    }
  }

  static func evaluation(
    _ root: TemporaryFolder, estimates: String? = "est",
    baselines: [SeparationEvaluation.Baseline] = []
  ) -> SeparationEvaluation {
    var evaluation = SeparationEvaluation(
      references: root.path + "/refs", estimates: estimates.map { root.path + "/" + $0 },
      baselines: baselines)
    evaluation.window = 0.5
    evaluation.hop = 0.5
    return evaluation
  }

  @Test func perfectEstimatesScoreHigh() throws {
    let root = try TemporaryFolder()
    try Self.writeReferences(root)
    // Rounded to 24 bits: an error of about -138 dB.
    for track in ["A", "B"] {
      for stem in ["vocals", "drums", "bass"] {
        let sound = try AudioFile.read(root.path + "/refs/test/\(track)/\(stem).wav")
        try root.write(
          sound.samples, channels: 1, to: "est/model/\(track)/\(stem).wav", format: .wav(.int24))
      }
    }
    var warnings: [String] = []
    var finished: [String] = []
    let methods = try Self.evaluation(root).run {
      warnings.append($0)
    } finished: { method, scores throws(FileError) in
      finished.append("\(method) \(scores.track)")
      try scores.write(to: root.path + "/scores", method: method)
    }
    #expect(warnings.isEmpty && finished == ["est A", "est B"])
    #expect(methods.map(\.name) == ["est"])
    for track in methods[0].tracks {
      #expect(track.targets.map(\.name) == ["bass", "drums", "vocals"])
      for target in track.targets {
        #expect(target.energies.scaleInvariantRatio >= 100 && target.windows.count == 3)
        for window in target.windows {
          #expect(window.sdr > 100 && window.sir > 100 && window.sar > 100)
        }
      }
    }
    let written = try String(decoding: root.bytes("scores/est/test/A.json"), as: UTF8.self)
    #expect(written == methods[0].tracks[0].musevalJSON)
  }

  /// With the mixture as estimate the error is the sum of the other sources: its energy is known.
  @Test func mixtureBaselineIsTheOthersAsError() throws {
    let root = try TemporaryFolder()
    try Self.writeReferences(root)
    let methods = try Self.evaluation(root, estimates: nil, baselines: [.mixture]).run()
    #expect(methods.map(\.name) == ["mixture"])
    let target = methods[0].tracks[1].targets[2]
    let stems = try ["bass", "drums", "vocals"].map {
      try AudioFile.read(root.path + "/refs/test/B/\($0).wav").samples
    }
    for (index, window) in target.windows.enumerated() {
      var signal = 0.0
      var error = 0.0
      for sample in index * 4000..<(index + 1) * 4000 {
        let others = Double(stems[0][sample]) + Double(stems[1][sample])
        signal += Double(stems[2][sample]) * Double(stems[2][sample])
        error += others * others
      }
      #expect(abs(window.sdr - 10 * log10(signal / error)) < 1e-4)
    }
  }

  @Test func anOracleBeatsTheMixture() throws {
    let root = try TemporaryFolder()
    try Self.writeReferences(root)
    // Sources that differ in frequency, so that a mask can tell them apart.
    for (index, stem) in ["vocals", "drums", "bass"].enumerated() {
      let tone = (0..<Self.frames).map { sample in
        Float(0.2 * sin(0.05 * Double(index * index * 4 + index + 1) * Double(sample)))
      }
      for track in ["A", "B"] {
        try root.write(tone, channels: 1, to: "refs/test/\(track)/\(stem).wav")
      }
    }
    var evaluation = Self.evaluation(root, estimates: nil, baselines: [.mixture, .irm, .ibm])
    var warnings: [String] = []
    let methods = try evaluation.run { warnings.append($0) }
    #expect(methods.map(\.name) == ["mixture", "irm", "ibm"])
    // Tones leave most of the spectrum empty: that is said once a track, and does not touch SDR.
    #expect(warnings.count == 2 && warnings.allSatisfy { $0.contains("regularization") })
    evaluation.regularization = 0
    let plain = try evaluation.run { warnings.append($0) }
    #expect(warnings.count == 2)
    func ratios(_ methods: [SeparationEvaluation.Method]) -> [Double] {
      methods.flatMap { $0.tracks.flatMap { $0.targets.flatMap { $0.windows.map(\.sdr) } } }
    }
    #expect(zip(ratios(plain), ratios(methods)).allSatisfy { abs($0 - $1) < 1e-6 })
    for method in methods[1...] {
      for (mixture, oracle) in zip(methods[0].tracks[0].targets, method.tracks[0].targets) {
        #expect(mixture.name == oracle.name)
        #expect(oracle.energies.challengeRatio > mixture.energies.challengeRatio + 15)
      }
    }
  }

  /// As in museval: the stems together, vocals and accompaniment on their own.
  @Test func accompanimentIsScoredAgainstVocalsAlone() throws {
    let root = try TemporaryFolder()
    try Self.writeReferences(root)
    for (index, name) in ["vocals", "drums", "bass", "accompaniment"].enumerated() {
      try root.write(
        noise(Self.frames, seed: UInt64(40 + index)), channels: 1, to: "est/A/\(name).wav")
    }
    var warnings: [String] = []
    let scores = try Self.evaluation(root).run { warnings.append($0) }[0].tracks
    #expect(warnings == ["B: no estimates, left out"])
    #expect(scores.count == 1)
    #expect(scores[0].targets.map(\.name) == ["bass", "drums", "vocals", "accompaniment"])
    var alone = Self.evaluation(root)
    alone.targets = [
      SourceGroup(stem: "vocals"), SourceGroup("accompaniment", stems: ["bass", "drums"]),
    ]
    #expect(try alone.run()[0].tracks[0].targets == Array(scores[0].targets[2...]))
    // Without a file of its own, the estimate of a group is the sum of its stems' estimates.
    let file = root.path + "/est/A/"
    let bass = try AudioFile.read(file + "bass.wav").samples
    let drums = try AudioFile.read(file + "drums.wav").samples
    try root.write(zip(bass, drums).map { $0 + $1 }, channels: 1, to: "est/A/accompaniment.wav")
    let summed = try alone.run()[0].tracks
    try root.remove("est/A/accompaniment.wav")
    #expect(try alone.run()[0].tracks == summed)
  }

  @Test func lengthsAreMadeToFitWithAWarning() throws {
    let root = try TemporaryFolder()
    try Self.writeReferences(root, to: "refs")
    let vocals = try AudioFile.read(root.path + "/refs/A/vocals.wav").samples
    let drums = try AudioFile.read(root.path + "/refs/A/drums.wav").samples
    try root.write(vocals + [0.5], channels: 1, to: "est/A/vocals.wav")
    try root.write(Array(drums.dropLast()), channels: 1, to: "est/A/drums.wav")
    var warnings: [String] = []
    let targets = try Self.evaluation(root).run { warnings.append($0) }[0].tracks[0].targets
    #expect(warnings.count == 4)
    #expect(warnings.contains { $0.contains("vocals.wav") && $0.contains("cut") })
    #expect(warnings.contains { $0.contains("drums.wav") && $0.contains("padded") })
    #expect(warnings.contains { $0.contains("no estimate of bass") })
    #expect(targets.map(\.name) == ["drums", "vocals"])
    #expect(targets[1].energies.energyRatios == [100, 100, 100])
    #expect(targets[0].energies.challengeRatio > 30 && targets[0].energies.challengeRatio < 100)
  }

  @Test func soundsThatCannotBeComparedAreErrors() throws {
    let root = try TemporaryFolder()
    try Self.writeReferences(root)
    try root.write(noise(100, seed: 1), channels: 1, rate: 16_000, to: "rate/A/vocals.wav")
    try root.write(noise(100, seed: 1), to: "stereo/A/vocals.wav")
    try root.write(noise(100, seed: 1), channels: 1, to: "other/C/vocals.wav")
    for (folder, hint) in [("rate", "16000 Hz"), ("stereo", "2 channels"), ("other", "scored")] {
      let error = try #require(throws: FileError.self) {
        try Self.evaluation(root, estimates: folder).run()
      }
      #expect(error.problem.contains(hint))
    }
    #expect(throws: FileError.self) { try Self.evaluation(root, estimates: "none").run() }
    // Two models' estimates in one folder: which is meant?
    try root.write(noise(100, seed: 1), to: "two/m1/A/vocals.wav")
    try root.write(noise(100, seed: 1), to: "two/m2/A/vocals.wav")
    let error = try #require(throws: FileError.self) {
      try Self.evaluation(root, estimates: "two").run()
    }
    #expect(error.problem.contains("m1, m2"))
  }

  /// An infinite window is one window, as long as the track; filters of its own make no difference there.
  @Test func wholeTracksAreOneWindow() throws {
    let root = try TemporaryFolder()
    try Self.writeReferences(root)
    for (index, name) in ["vocals", "drums", "bass"].enumerated() {
      try root.write(noise(Self.frames, seed: UInt64(70 + index)), channels: 1, to: "est/A/\(name).wav")
    }
    var evaluation = Self.evaluation(root)
    evaluation.window = .infinity
    evaluation.hop = .infinity
    let four = try evaluation.run()[0].tracks[0]
    #expect(four.window == 1.5 && four.hop == 1.5)
    #expect(four.targets.allSatisfy { $0.windows.count == 1 && $0.energies.energyRatios.count == 1 })
    evaluation.mode = .v3
    #expect(try evaluation.run()[0].tracks[0] == four)
    evaluation.mode = .sources
    let sources = try evaluation.run()[0].tracks[0]
    for (four, sources) in zip(four.targets, sources.targets) {
      #expect(sources.windows[0].isr.isNaN && sources.windows[0].sir == four.windows[0].sir)
      #expect(sources.windows[0].sdr != four.windows[0].sdr)
    }
  }

  /// Every metric as a chart, and the numbers; nothing that must be fetched.
  @Test func aPageShowsTheBoxes() throws {
    let windows = (0..<9).map { SeparationMetrics(sdr: Double($0), isr: .nan, sir: 2 * Double($0), sar: 1) }
    let energies = EnergyScores(energyRatios: [1, 2, 3], challengeRatio: 2, predictedAtSilence: [-50])
    let track = TrackScores(
      track: "T",
      targets: ["vocals", "drums"].map { TargetScores(name: $0, windows: windows, energies: energies) })
    let methods = ["model", "irm"].map { SeparationEvaluation.Method(name: $0, tracks: [track]) }
    let page = EvaluationReport(methods, note: "how it was").page.html
    for text in ["SDR by window", "SIR by window", "SAR by window", "SDR by energies", "how it was", "PES", "median 4"] {
      #expect(page.contains(text), "\(text)")
    }
    // A metric without any score has no chart.
    #expect(!page.contains("ISR by window"))
    #expect(page.contains("drums, irm: median 8, quartiles 4 and 12, from 0 to 16, 9 scores"))
  }
}
