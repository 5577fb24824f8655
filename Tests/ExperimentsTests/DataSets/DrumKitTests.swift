import Experiments
import SwiftDL
import SwiftDLAudio
import Testing

@Suite("Recorded drum kits") struct DrumKitTests {
  @Test(
    "names of sounds tell the drum",
    arguments: [
      ("bassdrum-4mics-br-stereo-soft2.flac", DrumKit.Drum.kick), ("bd_03.flac", .kick), ("PearlKick-Hard.wav", .kick),
      ("Snare-3.wav", .snare), ("jsnare_02.flac", .snare), ("SnareOff-1.wav", nil), ("PearlSnareRimshot-Med.wav", nil),
      ("PearlSideStick-Soft.wav", .stick), ("stick-rim-9.flac", .stick), ("HandClap.wav", .clap), ("tom-hi-1.flac", .tom),
      ("hihat-closed-4.flac", .closedHat), ("hhpedal_01.flac", .closedHat), ("HiHatFoot-0.wav", .closedHat),
      ("HiHatOpen-2.wav", .openHat), ("hihat-semi-open-1.flac", nil), ("SabianHatChoke-Hard.wav", nil),
      ("crash20i__ride4.flac", .cymbal), ("PaisteRide-Soft.wav", .cymbal), ("RideBell-1.wav", nil),
      ("Cowbell-Hard.wav", nil),
    ] as [(String, DrumKit.Drum?)])
  func names(name: String, drum: DrumKit.Drum?) {
    #expect(DrumKit.Drum(soundName: name) == drum)
  }

  @Test("every drum has a key of General MIDI's percussion, and cowbells have no drum") func keys() {
    #expect(Set((35...81).compactMap { DrumKit.Drum(key: $0) }) == Set(DrumKit.Drum.allCases))
    #expect(DrumKit.Drum(key: 56) == nil)
  }

  @Test("strokes begin where they should, loud ones with loud sounds, and end with the song") func strokes() throws {
    let root = try TemporaryFolder()
    // The names are in the other order than the loudness.
    try root.write([0.8, 0.4], channels: 1, rate: 1000, to: "kit/kick-1.wav")
    try root.write([0.2, -0.4], channels: 1, rate: 1000, to: "kit/kick-2.wav")
    let kit = try DrumKit(root.path + "/kit", sampleRate: 1000)
    #expect(kit.drums == [.kick])
    var sound = [Float](repeating: 0, count: 10)
    kit.add(
      [
        .init(seconds: 0.002, drum: .kick, velocity: 127), .init(seconds: 0.005, drum: .kick, velocity: 40),
        .init(seconds: 0.009, drum: .kick, velocity: 127), .init(seconds: 0.02, drum: .kick, velocity: 127),
        .init(seconds: 0, drum: .snare, velocity: 127),
      ], to: &sound)
    let quiet = 0.3 * Float(40) / 127
    let expected: [Float] = [0, 0, 0.3, 0.15, 0, quiet / 2, -quiet, 0, 0, 0.3]
    for (got, wanted) in zip(sound, expected) { #expect(abs(got - wanted) < 1e-4) }
  }

  @Test("a folder without drums is refused") func nothing() throws {
    let root = try TemporaryFolder()
    try root.write([0.1, 0.2], channels: 1, rate: 1000, to: "kit/cowbell.wav")
    #expect(throws: FileError.self) { try DrumKit(root.path + "/kit", sampleRate: 1000) }
  }
}
