import Experiments
import Foundation
import SwiftDL
import SwiftDLAudio
import SwiftDLModels
import Testing

/// What `swiftdl separate` writes, and where.
@Suite struct SeparateTests {
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

  private func files(below folder: String = "out") throws -> [String] {
    try workshop.listing().keys.filter { $0.hasPrefix("\(folder)/") && !Folders.isDirectory(workshop($0)) }.sorted()
  }

  private func samples(_ name: String) throws -> [Float] { try AudioFile.read(workshop(name)).samples }

  @Test func someStemsAreTheSameAsAllOfThem() throws {
    let song = try workshop.sound("song.wav")
    try separate(song)
    try separate(song, "--model-name", "some", "--stems", "vocals")
    try separate(song, "--model-name", "two", "--two-stems", "vocals")
    try separate(song, "--model-name", "sum", "--two-stems", "vocals", "--other-method", "add")
    try separate(song, "--model-name", "one", "--two-stems", "vocals", "--other-method", "none", "--no-split")
    #expect(try files(below: "out/some") == ["out/some/song/manifest.json", "out/some/song/vocals.wav"])
    #expect(try files(below: "out/one") == ["out/one/song/manifest.json", "out/one/song/vocals.wav"])
    let vocals = try samples("out/tiny/song/vocals.wav")
    for folder in ["some", "two", "sum", "one"] { #expect(try samples("out/\(folder)/song/vocals.wav") == vocals) }
    // The network's last source is the rest, so both ways to the other stem lead to the same.
    let rest = try samples("out/tiny/song/accompaniment.wav")
    for folder in ["two", "sum"] {
      let other = try samples("out/\(folder)/song/no_vocals.wav")
      #expect(zip(other, rest).allSatisfy { abs($0.0 - $0.1) < 1e-6 }, "\(folder)")
    }
    let outcome = try Program.run(["separate", song, "-m", model, "-o", workshop("out"), "--stems", "vocal"])
    expectRefusal(outcome, naming: "vocal", "accompaniment, vocals")
  }

  @Test func sumsAndTheResidualAreFilesOfTheirOwn() throws {
    let song = try workshop.sound("song.wav")
    try separate(song, "--stems", "vocals", "--sum", "all=vocals+accompaniment", "--residual", "instrumental")
    let folder = "out/tiny/song"
    #expect(
      try files().map { $0.dropFirst(folder.count + 1) } == ["all.wav", "instrumental.wav", "manifest.json", "vocals.wav"])
    let (mixture, vocals) = (try samples("song.wav"), try samples("\(folder)/vocals.wav"))
    let rest = zip(mixture, vocals).map { $0 - $1 }
    #expect(try samples("\(folder)/instrumental.wav") == rest)
    #expect(try zip(samples("\(folder)/all.wav"), mixture).allSatisfy { abs($0 - $1) < 1e-6 })
    for wrong in [["--sum", "vocals=accompaniment"], ["--sum", "x=drums"], ["--sum", "x"], ["--residual", "a/b"]] {
      let outcome = try Program.run(["separate", song, "-m", model, "-o", workshop("out")] + wrong)
      #expect(outcome.status != 0 && outcome.errorLines.count >= 1, "\(wrong)")
    }
  }

  @Test func aPartIsSeparatedAsIfItWereAll() throws {
    let song = try workshop.sound("song.wav", frames: 30_000)
    let writer = try AudioWriter(workshop("part.wav"), channels: 1, sampleRate: 8000)
    try writer.write(Array(try samples("song.wav")[4000..<14_000]))
    try writer.finish()
    try separate(workshop("part.wav"))
    try separate(song, "--start", "0:00.5", "--duration", "1.25")
    #expect(try samples("out/tiny/song/vocals.wav") == samples("out/tiny/part/vocals.wav"))
    expectRefusal(
      try Program.run(["separate", song, "-m", model, "-o", workshop("out"), "--start", "1:00:00"]), naming: song, "--start")
    #expect(try Program.run(["separate", song, "-m", model, "--start", "1:75"]).status == 64)
  }

  @Test func stemsLieBesideTheirInputWhereAsked() throws {
    try workshop.sound("album/song.wav")
    try workshop.sound("album/other.wav")
    try workshop.write(Data("\(workshop("album/song.wav"))\n\(workshop("album/other.wav"))\n".utf8), to: "list.txt")
    try Program.succeed(["separate", "--files-from", workshop("list.txt"), "-m", model, "--beside", "--quiet"])
    #expect(
      try files(below: "album") == [
        "album/other.wav", "album/other.wav_accompaniment.wav", "album/other.wav_manifest.json",
        "album/other.wav_vocals.wav", "album/song.wav", "album/song.wav_accompaniment.wav", "album/song.wav_manifest.json",
        "album/song.wav_vocals.wav",
      ])
    #expect(try Program.run(["separate", "-", "-m", model, "--beside"]).status == 64)
    #expect(try Program.run(["separate", "-m", model]).status == 64)
  }

  @Test func foldersAndTemplates() throws {
    try workshop.sound("album/one.wav")
    try workshop.sound("album/disc 2/two.wav")
    try workshop.write(Data("notes".utf8), to: "album/notes.txt")
    try separate(workshop("album"))
    #expect(
      try files().filter { $0.hasSuffix("vocals.wav") } == ["out/tiny/disc 2/two/vocals.wav", "out/tiny/one/vocals.wav"])
    try separate(workshop("album/one.wav"), "--model-name", "flat", "--filename", "{track}_{stem}_{trackext}_{model}.{ext}")
    #expect(
      try files(below: "out/flat") == [
        "out/flat/one_accompaniment_wav_flat.wav", "out/flat/one_manifest_wav_flat.json", "out/flat/one_vocals_wav_flat.wav",
      ])
    for (template, word) in [
      ("{track}.wav", "{stem}"), ("{stem}{nothing}", "{nothing}"), ("../{stem}", "leaves"), ("{stem", "}"),
    ] {
      let outcome = try Program.run(["separate", workshop("album/one.wav"), "-m", model, "--filename", template])
      expectRefusal(outcome, naming: word)
    }
    try workshop.sound("empty/folder.txt")
    expectRefusal(
      try Program.run(["separate", workshop("empty"), "-m", model]), naming: workshop("empty"), "no sound files")
  }

  @Test func standardInputIsASound() throws {
    let song = try workshop.sound("song.wav")
    try separate(song)
    let outcome = try Program.run(["separate", "-", "-m", model, "-o", workshop("out"), "--quiet"], input: song)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try samples("out/tiny/stdin/vocals.wav") == samples("out/tiny/song/vocals.wav"))
    expectRefusal(
      try Program.run(["separate", "-", "-m", model, "-o", workshop("none"), "--quiet"]), naming: "standard input", "empty")
    #expect(!Folders.exists(workshop("none")))
  }

  @Test func resultsThatAreThere() throws {
    let song = try workshop.sound("song.wav")
    try separate(song)
    let before = try workshop.listing()
    let outcome = try Program.run(["separate", song, "-m", model, "-o", workshop("out"), "--exists", "fail", "--quiet"])
    expectRefusal(outcome, naming: "is there already")
    try separate(song, "--exists", "skip")
    #expect(try workshop.listing() == before)
    // One of two is not everything.
    try FileManager.default.removeItem(atPath: workshop("out/tiny/song/vocals.wav"))
    try separate(song, "--exists", "skip")
    #expect(try samples("out/tiny/song/vocals.wav").count == 4000)
  }

  @Test func whatIsTooLoudForIntegers() throws {
    // Loud noise, whose rest is louder than full scale.
    let writer = try AudioWriter(workshop("loud.wav"), channels: 1, sampleRate: 8000)
    var random = RandomStream(seed: 3)
    try writer.write(random.uniform([4000], in: -4..<4).scalars)
    try writer.finish()
    try separate(workshop("loud.wav"))
    let names = ["accompaniment", "vocals"]
    let truth = try names.map { try samples("out/tiny/loud/\($0).wav") }
    let peaks = truth.map { $0.map(abs).max() ?? 0 }
    #expect(try #require(peaks.max()) > 1)
    for mode in ClipMode.allCases {
      try separate(workshop("loud.wav"), "--model-name", mode.rawValue, "--flac", "--clip-mode", mode.rawValue)
      for (index, name) in names.enumerated() {
        let gain: Float =
          switch mode {
          case .common: 0.9999 / max(1, peaks[0], peaks[1])
          case .rescale: 0.9999 / max(0.9999, peaks[index])
          case .clamp, .none: 1
          }
        let written = try samples("out/\(mode.rawValue)/loud/\(name).flac")
        let misfit = zip(written, truth[index]).map { abs($0.0 - min(1, max(-1, $0.1 * gain))) }.max() ?? 1
        #expect(misfit < 1e-6, "\(mode) \(name): \(misfit)")
      }
    }
    // Floating point is cut off when asked to be.
    try separate(workshop("loud.wav"), "--model-name", "cut", "--clip-mode", "clamp")
    for (index, name) in names.enumerated() {
      #expect(try samples("out/cut/loud/\(name).wav") == truth[index].map { min(1, max(-1, $0)) })
    }
    #expect(try files().allSatisfy { !$0.contains("/.") })
  }

  @Test func theManifestTellsWhatWasDone() throws {
    let song = try workshop.sound("song.wav", frames: 8000)
    try separate(song)
    let text = try workshop.text("out/tiny/song/manifest.json")
    let manifest = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(!text.contains(workshop.path), "no folder of this machine travels")
    let stems = try #require(manifest["stems"] as? [[String: Any]])
    #expect(stems.map { $0["name"] as? String } == ["accompaniment", "vocals"])
    for stem in stems {
      let peak = try samples("out/tiny/song/\(try #require(stem["file"] as? String))").map(abs).max() ?? 0
      #expect(abs(try #require(stem["peak"] as? Double) - Double(peak)) < 1e-6)
    }
    // Sources that add up leave nothing but rounding.
    #expect(try #require(manifest["residual_db"] as? Double) < -120)
    let input = try #require(manifest["input"] as? [String: Any])
    #expect((input["samples_checksum"] as? String)?.count == 16)
    #expect(stems.allSatisfy { $0["loudness_lufs"] is Double } && input["loudness_lufs"] is Double)
    #expect(manifest["model"] as? String == "tiny")
    #expect((manifest["networks"] as? [[String: Any]])?.map { $0["weights_checksum"] is String } == [true])
    #expect(try #require(manifest["real_time_factor"] as? Double) > 0)
  }

  @Test func shiftsAreTheSameEveryTime() throws {
    let song = try workshop.sound("song.wav")
    for name in ["a", "b"] { try separate(song, "--model-name", name, "--shifts", "3") }
    try separate(song, "--model-name", "c", "--shifts", "3", "--seed", "1")
    try separate(song, "--model-name", "d")
    let stems = try ["a", "b", "c", "d"].map { try samples("out/\($0)/song/vocals.wav") }
    #expect(stems[0] == stems[1] && stems[0] != stems[2] && stems[0] != stems[3])
    #expect(stems.allSatisfy { $0.count == 4000 })
    let rest = try samples("out/a/song/accompaniment.wav")
    let mixture = try samples("song.wav")
    #expect(mixture.indices.allSatisfy { abs(stems[0][$0] + rest[$0] - mixture[$0]) < 1e-6 })
  }

  @Test func anEnsembleIsTheMeanOfItsModels() throws {
    let song = try workshop.sound("song.wav", channels: 2)
    let other = workshop("other.safetensors")
    let quieter = try ModelFile.load(WaveUNet.self, from: model).mapParameters { $1 * 0.5 }
    try ModelFile.save(quieter, to: other)
    try separate(song)
    try separate(song, "-m", other)
    try separate(song, "--ensemble", other)
    func stem(_ folder: String, _ name: String) throws -> [Float] { try samples("out/\(folder)/song/\(name).wav") }
    for name in ["vocals", "accompaniment"] {
      let (one, two) = (try stem("tiny", name), try stem("other", name))
      let mean = zip(one, two).map { ($0 + $1) / 2 }
      #expect(zip(try stem("tiny+other", name), mean).allSatisfy { abs($0 - $1) < 1e-6 } && one != two)
    }
    let outcome = try Program.run(["separate", song, "-m", model, "--ensemble", "guitar-live", "-o", workshop("none")])
    expectRefusal(outcome, naming: "--ensemble", "guitar")
  }

  @Test func otherFormsOfTheSignalAreAveraged() throws {
    let song = try workshop.sound("song.wav", channels: 2)
    let signal = try samples("song.wav")
    func exchanged(_ samples: [Float]) -> [Float] { samples.indices.map { samples[$0 ^ 1] } }
    func inverted(_ samples: [Float]) -> [Float] { samples.map { -$0 } }
    for (name, form) in [("swapped", exchanged(signal)), ("inverted", inverted(signal))] {
      let writer = try AudioWriter(workshop("\(name).wav"), channels: 2, sampleRate: 8000)
      try writer.write(form)
      try writer.finish()
      try separate(workshop("\(name).wav"))
    }
    try separate(song)
    try separate(song, "--model-name", "tta", "--tta")
    for stem in ["vocals", "accompaniment"] {
      let one = try samples("out/tiny/song/\(stem).wav")
      let two = inverted(try samples("out/tiny/inverted/\(stem).wav"))
      let three = exchanged(try samples("out/tiny/swapped/\(stem).wav"))
      let mean = try samples("out/tta/song/\(stem).wav")
      #expect(one != two && mean.indices.allSatisfy { abs((one[$0] + two[$0] + three[$0]) / 3 - mean[$0]) < 1e-6 })
    }
  }

  @Test func ratesAndFormatsAreChosen() throws {
    let song = try workshop.sound("song.wav", frames: 8000)
    try separate(song, "--sample-rate", "16000")
    let info = try AudioReader(workshop("out/tiny/song/vocals.wav")).info
    #expect(info.sampleRate == 16000 && info.frames == 16000)
    try separate(song, "--format", "raw", "--model-name", "bare")
    try separate(song, "--model-name", "same")
    let bare = try Data(contentsOf: URL(fileURLWithPath: workshop("out/bare/song/vocals.raw")))
    let truth = try samples("out/same/song/vocals.wav")
    #expect(bare == truth.withUnsafeBytes { Data($0) })
    try separate(song, "--format", "opus")
    #expect(try AudioReader(workshop("out/tiny/song/vocals.opus")).info.frames == 8000)
    let odd = try workshop.sound("odd.wav", rate: 11025)
    let refused = try Program.run(["separate", odd, "-m", model, "-o", workshop("none"), "--format", "opus"])
    expectRefusal(refused, naming: "11025", "--sample-rate 48000")
    #expect(!Folders.exists(workshop("none")))
  }

  @Test func ownModelsGoByTheirNames() throws {
    let song = try workshop.sound("song.wav")
    try workshop.write(Data(contentsOf: URL(fileURLWithPath: model)), to: "data/swiftdl/models/mine.safetensors")
    let home = ["XDG_DATA_HOME": workshop("data")]
    let outcome = try Program.run(["separate", song, "-m", "mine", "-o", workshop("out"), "--quiet"], environment: home)
    #expect(outcome.status == 0 && Folders.exists(workshop("out/mine/song/vocals.wav")), "\(outcome.errors)")
    expectRefusal(
      try Program.run(["separate", song, "-m", "mina", "-o", workshop("out")], environment: home), naming: "mina", "mine")
    #expect(try Program.run(["models", "list"], environment: home).output.contains("mine"))
  }

  @Test func otherFormatsAreDecodedByFFmpegWhereItIs() throws {
    let song = try workshop.sound("song.wav")
    try separate(song)
    let film = try workshop.write(Data("a film".utf8), to: "film.mkv")
    // Stands for the real one: writes a sound to where the last argument says, or fails.
    func install(_ script: String) throws { try workshop.script(script, to: "bin/ffmpeg") }
    let path = ["PATH": "\(workshop("bin")):/usr/bin:/bin"]
    try install("for last; do :; done; cp '\(song)' \"$last\"")
    try separate(film, environment: path)
    #expect(try samples("out/tiny/film/vocals.wav") == samples("out/tiny/song/vocals.wav"))
    try install("echo 'moov atom not found' >&2; exit 1")
    let outcome = try Program.run(
      ["separate", film, "-m", model, "-o", workshop("none"), "--quiet"], environment: path)
    expectRefusal(outcome, naming: film, "moov atom not found")
    #expect(!Folders.exists(workshop("none")))
    expectRefusal(
      try Program.run(["separate", film, "-m", model, "-o", workshop("none")], environment: ["PATH": "/nowhere"]),
      naming: film, "ffmpeg")
  }

  @Test func stemContainersAreDecodedOnce() throws {
    let song = try workshop.sound("song.wav")
    for name in ["train/One", "train/Two", "test/Three"] {
      try workshop.write(Data("mp4".utf8), to: "musdb/\(name).stem.mp4")
    }
    // Writes a sound to every argument that ends in .wav, and notes that it ran.
    let script = "echo run >> '\(workshop("runs"))'; for a; do case \"$a\" in *.wav) cp '\(song)' \"$a\";; esac; done"
    try workshop.script(script, to: "bin/ffmpeg")
    let path = ["PATH": "\(workshop("bin")):/usr/bin:/bin"]
    expectRefusal(try Program.run(["data", "check", workshop("musdb")]), naming: "swiftdl data decode")
    for _ in 0..<2 {
      try Program.succeed(["data", "decode", workshop("musdb"), "-o", workshop("wav"), "--quiet"], environment: path)
    }
    #expect(try workshop.text("runs") == "run\nrun\nrun\n")
    // Their place is known to other programs by this name.
    try Program.succeed(
      ["data", "decode", "-o", workshop("again"), "--quiet"],
      environment: path.merging(["MUSDB_PATH": workshop("musdb")]) { first, _ in first })
    #expect(try Folders.names(in: workshop("again/train")) == ["One", "Two"])
    expectUsageError(try Program.run(["data", "decode", "-o", workshop("again")]), naming: "MUSDB_PATH")
    let corpus = try MultitrackCorpus(workshop("wav"))
    #expect(corpus.train.map(\.name) == ["One", "Two"] && corpus.test.map(\.name) == ["Three"])
    #expect(corpus.stemNames == ["bass", "drums", "other", "vocals"] && corpus.train[0].mixture != nil)
    let outcome = try Program.run(
      ["data", "decode", workshop("musdb"), "-o", workshop("none"), "--quiet"], environment: ["PATH": "/nowhere"])
    expectRefusal(outcome, naming: "apt install ffmpeg")
    #expect(!Folders.exists(workshop("none")))
  }
}
