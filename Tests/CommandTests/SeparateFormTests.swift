import Experiments
import Foundation
import SwiftDL
import SwiftDLAudio
import Testing

/// In what form `swiftdl separate` leaves its results: tags, channels, one file for all.
@Suite struct SeparateFormTests {
  private let workshop: Workshop
  private let model: String

  init() throws {
    workshop = try Workshop()
    model = try workshop.model()
  }

  @discardableResult
  private func separate(_ arguments: String..., environment: [String: String] = [:]) throws -> String {
    try Program.succeed(
      ["separate", "-m", model, "-o", workshop("out"), "--quiet"] + arguments, environment: environment)
  }

  private func samples(_ name: String) throws -> [Float] { try AudioFile.read(workshop(name)).samples }

  @Test func stemsTellWhereTheyComeFrom() throws {
    let song = try workshop.sound("song.wav")
    var tags = AudioTags()
    tags[.title] = "Straße"
    tags[.artist] = "Nobody"
    tags[.trackNumber] = "7"
    tags[.comment] = "bought in a shop"
    for format in [AudioFormat.flac(.int16), .mp3(bitrate: 64), .wav(.int16), .ogg(quality: 0.5)] {
      let name = "tagged.\(format.pathExtension)"
      let writer = try AudioWriter(workshop(name), channels: 1, sampleRate: 8000, format: format, tags: tags)
      try writer.write(try samples("song.wav"))
      try writer.finish()
      for result in ["wav", "flac", "mp3", "ogg", "opus"] {
        try separate(workshop(name), "--format", result)
        let told = try AudioReader(workshop("out/tiny/tagged/vocals.\(result)")).tags
        #expect(told[.title] == "Straße" && told[.artist] == "Nobody" && told[.trackNumber] == "7", "\(name) to \(result)")
        #expect(told[.comment] == "vocals")
      }
    }
    try separate(song)
    #expect(try AudioReader(workshop("out/tiny/song/vocals.wav")).tags.isEmpty)
  }

  // MARK: - Channels

  /// Every channel's share in left and right, in WAV's order.
  private static let arrangements: [Int: [[Float]]] = [
    3: [[1, 0], [0, 1], [h, h]], 4: [[1, 0], [0, 1], [h, 0], [0, h]], 5: [[1, 0], [0, 1], [h, h], [h, 0], [0, h]],
    6: [[1, 0], [0, 1], [h, h], [0, 0], [h, 0], [0, h]],
    7: [[1, 0], [0, 1], [h, h], [0, 0], [0.5, 0.5], [h, 0], [0, h]],
    8: [[1, 0], [0, 1], [h, h], [0, 0], [h, 0], [0, h], [h, 0], [0, h]],
    9: [[0.2, 0], [0, 0.25], [0.2, 0], [0, 0.25], [0.2, 0], [0, 0.25], [0.2, 0], [0, 0.25], [0.2, 0]],
  ]
  private static let h = Float(0.5).squareRoot()

  @Test(arguments: [3, 4, 5, 6, 7, 8, 9])
  func manyChannelsAreMixedToTwoAndSeparatedAsAPair(channels: Int) throws {
    let song = try workshop.sound("song.wav", frames: 1000, channels: channels)
    let shares = try #require(Self.arrangements[channels])
    let signal = try samples("song.wav")
    let mixed = (0..<1000).flatMap { frame in
      [0, 1].map { side in (0..<channels).reduce(Float(0)) { $0 + shares[$1][side] * signal[frame * channels + $1] } }
    }
    let writer = try AudioWriter(workshop("mixed.wav"), channels: 2, sampleRate: 8000)
    try writer.write(mixed)
    try writer.finish()
    try separate(song, "--channels", "2")
    try separate(workshop("mixed.wav"))
    for stem in ["vocals", "accompaniment"] {
      let (one, two) = (try samples("out/tiny/song/\(stem).wav"), try samples("out/tiny/mixed/\(stem).wav"))
      #expect(one.count == 2000 && zip(one, two).allSatisfy { abs($0 - $1) < 1e-5 }, "\(stem)")
    }
    // Half of both is the one.
    try separate(song, "--channels", "1", "--model-name", "one")
    let (pair, one) = (try samples("out/tiny/song/vocals.wav"), try samples("out/one/song/vocals.wav"))
    #expect(one.count == 1000 && one.indices.allSatisfy { abs((pair[2 * $0] + pair[2 * $0 + 1]) / 2 - one[$0]) < 1e-5 })
    let manifest = try workshop.text("out/one/song/manifest.json")
    #expect(manifest.contains("\"channels\": \(channels)") && manifest.contains("\"channels\": 1"))
  }

  @Test func oneChannelBecomesTwoOfTheSame() throws {
    let song = try workshop.sound("song.wav")
    try separate(song)
    try separate(song, "--channels", "2", "--model-name", "two")
    let (one, two) = (try samples("out/tiny/song/vocals.wav"), try samples("out/two/song/vocals.wav"))
    #expect(two == one.flatMap { [$0, $0] })
    try separate(song, "--channels", "1", "--model-name", "same")
    #expect(try samples("out/same/song/vocals.wav") == one)
    #expect(try Program.run(["separate", song, "-m", model, "--mp3-preset", "8"]).status == 64)
    for wrong in ["0", "3", "x"] {
      expectUsageError(try Program.run(["separate", song, "-m", model, "--channels", wrong]), naming: "channels")
    }
  }

  // MARK: - One file for all

  /// Stands for ffmpeg: notes its arguments, keeps the sounds that it is given, and writes boxes to where the last
  /// argument says.
  private func installEncoder(writing boxes: String) throws -> [String: String] {
    let script = """
      printf '%s\\n' "$@" > '\(workshop("arguments"))'
      for last; do case "$last" in *.wav) cp "$last" '\(workshop.path)';; esac; done
      printf '\(boxes)' > "$last"
      """
    try workshop.script(script, to: "bin/ffmpeg")
    return ["PATH": "\(workshop("bin")):/usr/bin:/bin"]
  }

  /// A box as the shell's printf takes it.
  private func box(_ name: String, _ content: String = "", bytes: Int = 0) -> String {
    "\\000\\000\\000\\" + String(format: "%03o", bytes + 8) + name + content
  }

  private func number(_ bytes: Data) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

  @Test(arguments: [false, true])
  func aContainerHoldsTheMixtureAndItsStems(hasUserData: Bool) throws {
    let song = try workshop.sound("song.wav", channels: 2)
    try separate(song)
    let head = box("ftyp", "isom", bytes: 4) + box("mdat", "abc", bytes: 3)
    let user = hasUserData ? box("udta", box("meta"), bytes: 8) : ""
    let path = try installEncoder(writing: head + box("moov", box("mvhd") + user, bytes: hasUserData ? 24 : 8))
    let told = try separate(song, "--format", "stem.mp4", "--model-name", "all", environment: path)
    #expect(told == workshop("out/all/song/song.stem.mp4") + "\n")
    #expect(try Folders.names(in: workshop("out/all/song")) == ["manifest.json", "song.stem.mp4"])
    // The encoder was given the mixture and the stems, and asked for two silent streams more.
    let mixture = try samples("song.wav")
    #expect(try zip(samples("0.wav"), mixture).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(try samples("1.wav") == samples("out/tiny/song/accompaniment.wav"))
    #expect(try samples("2.wav") == samples("out/tiny/song/vocals.wav"))
    let arguments = try workshop.text("arguments").split(separator: "\n").map(String.init)
    let mapped = zip(arguments, arguments.dropFirst()).filter { $0.0 == "-map" }.map(\.1)
    #expect(mapped == ["0:a", "1:a", "2:a", "[silent0]", "[silent1]"])
    // The names lie in moov / udta / stem, and the sizes on the way say so.
    let file = try workshop.bytes("out/all/song/song.stem.mp4")
    let movie = try #require(file.range(of: Data("moov".utf8))).lowerBound - 4
    let users = try #require(file.range(of: Data("udta".utf8))).lowerBound - 4
    let stem = try #require(file.range(of: Data("stem{".utf8))).lowerBound - 4
    for place in [movie, users, stem] { #expect(number(file[place..<place + 4]) == file.count - place) }
    #expect(movie == 23 && users == movie + 16 && stem == users + (hasUserData ? 16 : 8))
    let description = try #require(try JSONSerialization.jsonObject(with: file[(stem + 8)...]) as? [String: Any])
    let names = (description["stems"] as? [[String: Any]])?.map { $0["name"] as? String }
    #expect(names == ["accompaniment", "vocals", "-", "-"] && description["version"] as? Int == 1)
    // Again there is nothing to do.
    let known = ["separate", "-m", model, "-o", workshop("out"), song, "--format", "stem.mp4", "--model-name", "all"]
    let again = try Program.run(known + ["--exists", "skip"], environment: path)
    #expect(again.status == 0 && again.output.isEmpty && again.errors.contains("there already"))
    try separate(song, "--format", "stem.mp4", "--beside", environment: path)
    #expect(Folders.exists(song + ".stem.mp4"))
  }

  @Test func aContainerThatCannotBeMade() throws {
    let song = try workshop.sound("song.wav")
    let arguments = ["separate", song, "-m", model, "-o", workshop("none"), "--format", "stem.mp4", "--quiet"]
    expectRefusal(try Program.run(arguments, environment: ["PATH": "/nowhere"]), naming: "stem.mp4", "apt install ffmpeg")
    try workshop.script("echo 'Unknown encoder' >&2; exit 1", to: "bin/ffmpeg")
    let path = ["PATH": "\(workshop("bin")):/usr/bin:/bin"]
    expectRefusal(try Program.run(arguments, environment: path), naming: "song.stem.mp4", "Unknown encoder")
    // What is no MP4 file, ends early, or has its moov in front.
    for wrong in ["", "text", box("ftyp"), box("moov", bytes: 4), box("moov") + box("mdat"), "\\000\\000\\000\\000moov"] {
      let path = try installEncoder(writing: wrong)
      expectRefusal(try Program.run(arguments, environment: path), naming: "song.stem.mp4", "unexpected kind")
    }
    #expect(!Folders.exists(workshop("none")))
    let sums = ["a", "b", "c"].flatMap { ["--sum", "\($0)=vocals+accompaniment"] }
    expectRefusal(try Program.run(arguments + sums, environment: path), naming: "4 stems, not 5")
    expectUsageError(try Program.run(arguments + ["--bits", "16"]), naming: "stem.mp4")
  }

  private static let hasFFmpeg = ["/usr/bin", "/usr/local/bin", "/bin"].contains {
    FileManager.default.isExecutableFile(atPath: "\($0)/ffmpeg")
  }

  @Test(.enabled(if: hasFFmpeg, "ffmpeg is not installed"))
  func containersAreReadAsMUSDBsAre() throws {
    let song = try workshop.sound("song.wav", frames: 20_000, channels: 2)
    try separate(song)
    try separate(song, "--format", "stem.mp4", "--filename", "{stem}.{ext}", "--model-name", "train")
    try Program.succeed(["data", "decode", workshop("out"), "-o", workshop("wav"), "--quiet"])
    // MUSDB's names of the streams; the second stem here is the voice.
    let stems = "out/tiny/song"
    for (name, truth) in [
      ("mixture", "song.wav"), ("drums", "\(stems)/accompaniment.wav"), ("bass", "\(stems)/vocals.wav"),
    ] {
      let (decoded, sound) = (try samples("wav/train/song/\(name).wav"), try samples(truth))
      #expect(decoded.count >= sound.count && decoded.count < sound.count + 2 * 1024)
      // White noise through AAC keeps its time and most of its form.
      let inner = 8000..<32_000
      func product(_ a: [Float], _ b: [Float]) -> Double { inner.reduce(0) { $0 + Double(a[$1]) * Double(b[$1]) } }
      let energies = product(decoded, decoded) * product(sound, sound)
      #expect(product(decoded, sound) / energies.squareRoot() > 0.9, "\(name)")
    }
    #expect(try samples("wav/train/song/other.wav").allSatisfy { $0 == 0 })
  }
}
