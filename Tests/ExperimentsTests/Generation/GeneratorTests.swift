import Experiments
import SwiftDL
import SwiftDLAudio
import SwiftDLModels
import Testing

@Suite("generation")
struct GeneratorTests {
  private static let letters = "[\"a\",\"b\",\"c\",\" \",\"\\n\"]"

  private static func text() throws -> GeneratorModel {
    var c = SeqUNetConfiguration.tiny
    c.symbols = SymbolConfiguration(count: 5, channels: 4, dropout: 0, start: .normal)
    (c.inputChannels, c.outputChannels) = (4, 4)
    var network = SeqUNet(c, random: RandomStream(seed: 6))
    // Scores far enough apart that temperature matters.
    network = network.mapParameters { path, x in path.contains("coder") ? x * 60 : x * 2 }
    return try GeneratorModel("letters", network, vocabulary: letters)
  }
  /// Of any four symbols.
  private static func text(of vocabulary: String) throws -> GeneratorModel {
    var c = TCNConfiguration.tiny
    c.symbols = SymbolConfiguration(count: 4, channels: 4, dropout: 0, start: .uniform)
    (c.inputChannels, c.outputChannels) = (4, nil)
    return try GeneratorModel("text", TCN(c), vocabulary: vocabulary)
  }
  private static func music() throws -> GeneratorModel {
    var c = SeqUNetConfiguration.muse
    c.widths = [8, 8]
    return try GeneratorModel("music", SeqUNet(c, random: RandomStream(seed: 6)))
  }
  private static func audio() throws -> GeneratorModel {
    var c = WaveNetConfiguration.tiny
    (c.symbols, c.sampleRate) = (256, 16000)
    return try GeneratorModel("audio", WaveNet(c, random: RandomStream(seed: 6)))
  }

  private static func symbols(
    _ model: GeneratorModel, _ prompt: String? = nil, frames: Int = 40, count: Int = 1,
    _ options: SamplingOptions = .init()
  ) throws -> [[Int32]] {
    let made = try Generator(model, count: count)(
      GenerationPrompt(prompt, for: model), frames: frames, options: options
    ) { _ in true }
    guard case .symbols(let rows) = made else { return [] }
    return rows
  }

  @Test("greedy text is what the parallel pass likes best, letter by letter")
  func greedy() throws {
    let model = try Self.text()
    let made = try Self.symbols(model, "abc cab", frames: 12, .init(temperature: 0))[0]
    #expect(made.count == 19 && made.prefix(7) == [0, 1, 2, 3, 2, 0, 1])
    let network = try #require(model.network as? SeqUNet)
    let c = network.configuration
    let window = c.window(forOutputFrames: 1)
    // The stream's clock began with the prompt's last letter in phase; letters a whole cycle later are too.
    for t in stride(from: 7, to: made.count, by: c.totalStride) {
      let before = [Int32](repeating: 4, count: window.input) + made[..<t]
      let scores = network(Tensor([1, window.input, 1], before.suffix(window.input).map(Float.init))).scalars.suffix(5)
      #expect(scores.firstIndex(of: scores.max() ?? 0).map { $0 - scores.startIndex } == Int(made[t]))
    }
  }

  @Test("the same seed makes the same, whatever is made beside it")
  func seeds() throws {
    for model in [try Self.text(), try Self.audio()] {
      let one = try Self.symbols(model)
      #expect(try Self.symbols(model) == one)
      let several = try Self.symbols(model, count: 3)
      #expect(several[0] == one[0] && several[1] != one[0])
      #expect(try Self.symbols(model, SamplingOptions(seed: 1)) != one)
    }
  }

  private static func symbols(_ model: GeneratorModel, _ options: SamplingOptions) throws -> [[Int32]] {
    try symbols(model, nil, options)
  }

  @Test("the likeliest alone is greedy; a low temperature nearly is")
  func options() throws {
    let model = try Self.text()
    let greedy = try Self.symbols(model, SamplingOptions(temperature: 0))
    #expect(try Self.symbols(model, SamplingOptions(topK: 1)) == greedy)
    #expect(try Self.symbols(model, SamplingOptions(temperature: 1e-6)) == greedy)
    #expect(try Self.symbols(model, SamplingOptions(temperature: 3)) != greedy)
  }

  @Test("music goes on from a MIDI prompt and comes out as MIDI and a picture")
  func musicFiles() throws {
    let folder = try TemporaryFolder()
    let model = try Self.music()
    var roll = PianoRoll(frames: 9)
    for frame in 0..<9 { roll[frame, 30 + frame] = true }
    let path = folder.path + "/prompt.mid"
    try roll.midi(framesPerQuarter: 2).write(to: path)
    let prompt = try GenerationPrompt(path, for: model)
    #expect(prompt.roll == roll && prompt.given == 9)
    var told: [Int] = []
    let made = try Generator(model, count: 2)(prompt, frames: 20, options: .init()) {
      told.append($0)
      return $0 < 5
    }
    #expect(told == [1, 2, 3, 4, 5])
    guard case .rolls(let rolls) = made else { throw FileError("rolls", "are missing") }
    #expect(rolls.map(\.frames) == [14, 14] && rolls[0].isSounding.prefix(9 * 88) == roll.isSounding.prefix(9 * 88))
    let files = try model.write(made, prompt: prompt, to: folder.path + "/out.mid")
    #expect(files.map { $0.split(separator: "/").last ?? "" } == ["out-1.mid", "out-1.png", "out-2.mid", "out-2.png"])
    #expect(files.allSatisfy { Folders.exists($0) })
  }

  @Test("audio is written as it was drawn, after the sound it goes on from")
  func audioFiles() throws {
    let folder = try TemporaryFolder()
    let model = try Self.audio()
    let sound = AudioBuffer(samples: (0..<50).map { Float($0) / 60 - 0.4 }, channels: 1, sampleRate: 16000)
    try AudioFile.write(sound, to: folder.path + "/in.wav")
    let prompt = try GenerationPrompt(folder.path + "/in.wav", for: model)
    let made = try Generator(model)(prompt, frames: 30, options: .init()) { _ in true }
    let files = try model.write(made, prompt: prompt, to: folder.path + "/out.wav")
    let heard = try AudioFile.read(files[0])
    #expect(heard.frames == 80 && heard.sampleRate == 16000)
    // A step of 255 levels near 0.6 is 1.3 percent wide.
    #expect(zip(heard.samples, sound.samples).allSatisfy { abs($0 - $1) < 0.015 })
  }

  @Test("what cannot generate, and prompts that do not fit, are said in one line")
  func problems() throws {
    #expect(throws: FileError.self) { try GeneratorModel.find("wave-u-net-m1") }
    #expect(throws: FileError.self) { try GeneratorModel.find("seq-u-net-char") }
    #expect(throws: FileError.self) { try GeneratorModel.find("seq-u-net-tiny") }
    #expect(throws: FileError.self) { try GeneratorModel("x", SeqUNet(.tiny), vocabulary: "[\"a\"]") }
    let text = try Self.text()
    for prompt in ["", "abx", "/nowhere.mid"] {
      #expect(throws: FileError.self) { try GenerationPrompt(prompt, for: text) }
    }
    for model in [try Self.music(), try Self.audio()] {
      #expect(throws: FileError.self) { try GenerationPrompt("/nowhere.mid", for: model) }
      #expect(model.problem(withOutput: "x.txt") != nil)
    }
  }

  @Test("words: unknown ones become <unk> where there is one, line ends are <eos>")
  func words() throws {
    let model = try Self.text(of: "[\"the\",\"cat\",\"<eos>\",\"<unk>\"]")
    let prompt = try GenerationPrompt("the cat\nthe dog", for: model)
    #expect(prompt.symbols == [0, 1, 2, 0, 3])
    guard case .text(let vocabulary) = model.kind else { throw FileError("words", "are no text") }
    #expect(GeneratorModel.text([0, 1, 2, 0, 3], vocabulary) == "the cat\nthe <unk>")
  }

  @Test("words that are one letter are looked up like others; letters are code points, as training numbers them")
  func spelling() throws {
    let words = try Self.text(of: "[\"a\",\"cat\",\"<eos>\",\"<unk>\"]")
    #expect(try GenerationPrompt("a b cat", for: words).symbols == [0, 3, 1])
    // An accent of its own, and a line end of two characters: one Character each, two code points each.
    let letters = try Self.text(of: "[\"e\",\"\u{301}\",\"\\r\",\"\\n\"]")
    #expect(try GenerationPrompt("e\u{301}\r\ne", for: letters).symbols == [0, 1, 2, 3, 0])
    #expect(throws: FileError.self) { try GenerationPrompt("\u{e9}", for: letters) }
  }

  @Test("rates are positive and count the bytes of the layers that are due")
  func rates() {
    var c = SeqUNetResidualConfiguration.tiny
    c.width = 32
    let network = SeqUNetResidual(c)
    let rate = GenerationRate.cached(network, seconds: 0.01)
    #expect(rate.framesPerSecond > 0 && rate.slowestFrame > 0 && rate.bandwidth > 0)
    #expect(rate.bytesPerStep < Double(rate.weightBytes))
    let half = GenerationRate.cached(network, weights: .bfloat16, seconds: 0.01)
    #expect(half.weightBytes < rate.weightBytes && half.multiplyAddsPerFrame == rate.multiplyAddsPerFrame)
    #expect(GenerationRate.naive(network, passes: 1) > 0)
  }
}
