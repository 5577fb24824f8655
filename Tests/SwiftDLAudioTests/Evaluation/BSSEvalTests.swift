import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

/// Sound and scores written by scripts/golden/museval_golden.py.
struct MusevalCase: Decodable, Sendable, CustomTestStringConvertible {
  let name, sound: String
  let sources, frames, channels, sampleRate: Int
  let window, hop: Double
  /// By metric, target and window.
  let scores: [[[Score]]]

  var testDescription: String { name }

  struct Score: Decodable, Sendable {
    let value: Double
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        value = .nan
      } else if let text = try? container.decode(String.self) {
        value = text == "inf" ? .infinity : .nan
      } else {
        value = try container.decode(Double.self)
      }
    }
  }

  static func url(_ name: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/museval/\(name)")
  }

  static func all() throws -> [MusevalCase] {
    try JSONDecoder().decode([MusevalCase].self, from: Data(contentsOf: url("cases.json")))
  }

  func buffers() throws -> (references: [AudioBuffer], estimates: [AudioBuffer]) {
    let bytes = try [UInt8](Data(contentsOf: Self.url(sound)))
    let samples = stride(from: 0, to: bytes.count, by: 2).map {
      Float(Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)) / 32768
    }
    let size = frames * channels
    let buffers = (0..<2 * sources).map {
      AudioBuffer(
        samples: Array(samples[$0 * size..<($0 + 1) * size]), channels: channels,
        sampleRate: sampleRate)
    }
    return (Array(buffers[..<sources]), Array(buffers[sources...]))
  }
}

extension BSSEval.Scores {
  /// By metric, target and window, as museval orders them.
  var metrics: [[[Double]]] {
    [targets.map(\.sdr), targets.map(\.isr), targets.map(\.sir), targets.map(\.sar)]
  }

  /// What any score above is as good as: 16 digits do not tell it from perfect.
  private static var perfect: Double { 140 }

  /// Expects the scores of another program, a thousandth of a decibel off at most.
  func expectAgreement(with golden: [[[MusevalCase.Score]]], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(metrics.map { $0.map(\.count) } == golden.map { $0.map(\.count) }, sourceLocation: sourceLocation)
    for (metric, (ours, theirs)) in zip(metrics, golden).enumerated() {
      for (target, (ours, theirs)) in zip(ours, theirs).enumerated() {
        for (window, (our, their)) in zip(ours, theirs.map(\.value)).enumerated() {
          let agrees =
            our.isNaN || their.isNaN
            ? our.isNaN && their.isNaN : abs(our - their) < 1e-3 || min(our, their) > Self.perfect
          #expect(
            agrees, "metric \(metric), target \(target), window \(window): \(our), \(their)",
            sourceLocation: sourceLocation)
        }
      }
    }
  }

  /// Bits, because NaN differs from itself.
  var bits: [[[UInt64]]] { metrics.map { $0.map { $0.map(\.bitPattern) } } }
}

struct BSSEvalTests {
  @Test(arguments: try MusevalCase.all()) func agreesWithMuseval(golden: MusevalCase) throws {
    let (references, estimates) = try golden.buffers()
    let scores = BSSEval.scores(
      references: references, estimates: estimates, window: golden.window, hop: golden.hop)
    scores.expectAgreement(with: golden.scores)
  }

  @Test func filesGiveTheBitsOfBuffers() throws {
    let folder = try ScratchFolder()
    for golden in try MusevalCase.all() {
      let (references, estimates) = try golden.buffers()
      let buffers = references + estimates
      let paths = buffers.indices.map { folder.file("\($0).wav") }
      for (buffer, path) in zip(buffers, paths) { try AudioFile.write(buffer, to: path) }
      let fromFiles = try BSSEval.scores(
        referencePaths: Array(paths[..<golden.sources]),
        estimatePaths: Array(paths[golden.sources...]), window: golden.window, hop: golden.hop)
      let fromBuffers = BSSEval.scores(
        references: references, estimates: estimates, window: golden.window, hop: golden.hop)
      #expect(fromFiles.bits == fromBuffers.bits)
      #expect(fromFiles.referenceFloor == fromBuffers.referenceFloor)
    }
  }

  @Test func filesThatDoNotMatchAreNamed() throws {
    let folder = try ScratchFolder()
    let long = folder.file("long.wav")
    let short = folder.file("short.wav")
    try AudioFile.write(.noise(frames: 9000, channels: 2), to: long)
    try AudioFile.write(.noise(frames: 8000, channels: 2), to: short)
    do throws(FileError) {
      _ = try BSSEval.scores(referencePaths: [long], estimatePaths: [short])
      Issue.record("no error")
    } catch {
      #expect(
        error.path == short && error.problem.contains("8000") && error.problem.contains("9000"))
    }
  }

  /// A source through a filter of up to 512 taps has no interference and no artifacts.
  ///
  /// Adding the other source through one makes interference, and still no artifacts. The window is
  /// the whole track, where edges do not matter.
  @Test(arguments: [1, 2]) func partsAreWhatTheyAre(channels: Int) {
    let frames = 30000
    let taps = 400
    let rate = 8000
    func filtered(_ sound: AudioBuffer, seed: UInt64) -> AudioBuffer {
      var noise = Noise(seed: seed)
      var result = AudioBuffer(silence: frames, channels: channels, sampleRate: rate)
      for tap in stride(from: 1, to: taps, by: 37) {
        for from in 0..<channels {
          for to in 0..<channels {
            let gain = noise.sample() * 0.2
            for frame in tap..<frames {
              result.samples[frame * channels + to] +=
                gain * sound.samples[(frame - tap) * channels + from]
            }
          }
        }
      }
      return result
    }
    // Silence at the end: no filter's tail is cut off.
    let sources = (1...2).map { seed in
      var sound = AudioBuffer.noise(
        frames: frames, channels: channels, sampleRate: rate, seed: UInt64(seed))
      for index in (frames - 600) * channels..<frames * channels { sound.samples[index] = 0 }
      return sound
    }
    let first = filtered(sources[0], seed: 5)
    let leak = filtered(sources[1], seed: 6)
    var mixed = first
    for index in mixed.samples.indices { mixed.samples[index] += leak.samples[index] }
    let scores = BSSEval.scores(references: sources, estimates: [first, mixed], window: 10)
    #expect(scores.windows == 1)
    #expect(scores.targets[0].sir[0] > 100 && scores.targets[0].sar[0] > 100)
    #expect(scores.targets[0].isr[0] < 30)
    #expect(scores.targets[1].sir[0] < 30 && scores.targets[1].sar[0] > 100)
    // The ratio of energies needs no filters.
    for (index, estimate) in [first, mixed].enumerated() {
      let plain = EnergyScores(reference: sources[index], estimate: estimate, window: 10).energyRatios
      #expect(abs(plain[0] - scores.targets[index].sdr[0]) < 1e-9)
    }
    // The sources' version forgives what a filter of the source itself does.
    let forgiving = BSSEval.scores(
      references: sources, estimates: [first, mixed], window: .infinity, mode: .sources)
    #expect(forgiving.targets[0].sdr[0] > 100 && forgiving.targets[1].sdr[0] < 30)
    #expect(forgiving.targets[0].isr[0].isNaN)
  }

  @Test func aTruthIsPerfect() {
    let sources = (1...2).map {
      AudioBuffer.noise(frames: 20000, channels: 2, sampleRate: 8000, seed: UInt64($0))
    }
    let scores = BSSEval.scores(references: sources, estimates: sources)
    #expect(scores.windows == 2)
    for target in scores.targets {
      #expect(target.sdr.allSatisfy { $0 == .infinity })
      #expect((target.isr + target.sir + target.sar).allSatisfy { $0 > 140 })
    }
  }

  @Test func silenceIsUndefinedAndNeverFatal() {
    let silence = AudioBuffer(silence: 20000, channels: 2, sampleRate: 8000)
    let sound = AudioBuffer.noise(frames: 20000, channels: 2, sampleRate: 8000)
    for (references, estimates) in [([silence, sound], [sound, sound]), ([sound], [silence])] {
      let scores = BSSEval.scores(references: references, estimates: estimates)
      #expect(scores.metrics.joined().joined().allSatisfy { $0.isNaN })
      #expect(scores.windows == 2)
    }
    let nothing = AudioBuffer(silence: 0, channels: 2, sampleRate: 8000)
    #expect(BSSEval.scores(references: [nothing], estimates: [nothing]).windows == 0)
    #expect(BSSEval.scores(references: [], estimates: []).windows == 0)
    let one = AudioBuffer(samples: [0.5], channels: 1, sampleRate: 8000)
    let half = AudioBuffer(samples: [0.25], channels: 1, sampleRate: 8000)
    let scores = BSSEval.scores(references: [one], estimates: [half])
    #expect(abs(scores.targets[0].sdr[0] - 20 * log10(2)) < 1e-9)
  }

  /// Sound without anything above a quarter of its rate leaves the filters free there; a
  /// regularization fills the hole, and leaves alone what was well determined.
  @Test func regularizationFillsEmptySpectra() {
    let sources = (1...2).map { seed in
      var sound = AudioBuffer.noise(
        frames: 8000, channels: 1, sampleRate: 4000, seed: UInt64(seed))
      // Faded in and out: an edge has all frequencies.
      for i in 0..<8000 { sound.samples[i] *= pow(sinf(.pi * Float(i) / 8000), 4) }
      return sound.resampled(to: 8000)
    }
    let estimates = (0...1).map { index in
      var estimate = sources[index]
      var noise = Noise(seed: 9)
      for i in estimate.samples.indices {
        estimate.samples[i] += 0.1 * sources[1 - index].samples[i] + 0.01 * noise.sample()
      }
      return estimate
    }
    let plain = BSSEval.scores(references: sources, estimates: estimates, window: 10)
    let regular = BSSEval.scores(
      references: sources, estimates: estimates, window: 10, regularization: 1e-9)
    #expect(plain.referenceFloor < -120)
    #expect(abs(regular.referenceFloor + 90) < 1)
    #expect(!plain.isRegularized && !regular.isRegularized)
    let chosen = BSSEval.scores(
      references: sources, estimates: estimates, window: 10, regularization: nil)
    #expect(chosen.isRegularized == (plain.referenceFloor < -130))
    #expect(chosen.referenceFloor == plain.referenceFloor)
    if chosen.isRegularized { #expect(chosen.bits == regular.bits) }
    for (plain, regular) in zip(plain.targets, regular.targets) {
      #expect(plain.sdr == regular.sdr)
      #expect(regular.sir.allSatisfy { abs($0 - 20) < 1 }, "\(regular.sir)")
    }
    let full = (1...2).map { AudioBuffer.noise(frames: 9000, channels: 1, seed: UInt64($0)) }
    let mixed = full.map { sound in
      var sound = sound
      for i in sound.samples.indices { sound.samples[i] += 0.3 * full[1].samples[i] }
      return sound
    }
    let with = BSSEval.scores(references: full, estimates: mixed, regularization: 1e-9)
    let without = BSSEval.scores(references: full, estimates: mixed)
    #expect(abs(with.targets[0].sir[0] - without.targets[0].sir[0]) < 1e-3)
  }
}
