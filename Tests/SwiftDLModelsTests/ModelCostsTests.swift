import SwiftDL
import SwiftDLModels
import Testing

@Suite("what sequence models cost, from their configurations alone")
struct ModelCostsTests {
  @Test("parameters as counted in the networks themselves, for every preset")
  func parameterCounts() {
    func expectCounted<N: Network>(_: N.Type) where N.Configuration: CostedConfiguration {
      for (name, configuration) in N.presets {
        let counted = N(configuration, random: RandomStream(seed: 0)).parameterCount
        #expect(configuration.parameterCount == counted, "\(name)")
      }
    }
    expectCounted(SeqUNet.self)
    expectCounted(SeqUNetResidual.self)
    expectCounted(TCN.self)
    expectCounted(WaveNet.self)
  }

  @Test("multiply–adds of the papers' models: convolutions per scored output")
  func multiplyAdds() {
    func ratio(_ tcn: TCNConfiguration, _ frames: WindowLengths, _ net: SeqUNetConfiguration) -> Double {
      let window = net.defaultWindow
      let table = net.symbols.map { $0.count * $0.channels } ?? 0
      let ours = Double(net.multiplyAdds(window) - window.output * table) / Double(window.output)
      return Double(tcn.multiplyAdds(frames) - frames.input * table) / Double(frames.output) / ours
    }
    #expect(abs(ratio(.char, WindowLengths(input: 400, output: 320), .char) - 2.49) < 0.01)
    #expect(abs(ratio(.word, WindowLengths(input: 117, output: 45), .word) - 3.50) < 0.01)
    // 16.3 million with one-hot inputs, which cost 36853 × 5 × 256 × 180 more.
    let audio = SeqUNetResidualConfiguration.audio
    let oneHot = 36853 * 5 * 256 * 180
    #expect(abs(Double(audio.multiplyAdds(audio.defaultWindow) + oneHot) / 5120e6 - 16.3) < 0.05)
  }

  @Test("zeros in front cost more than nothing in front")
  func padding() {
    var c = SeqUNetConfiguration.tiny
    let valid = c.multiplyAdds(WindowLengths(input: c.window(forOutputFrames: 64).input, output: 64))
    c.padding = .zeros
    // Without the context before the window, a padded pass of as many outputs is the cheaper one.
    #expect(c.multiplyAdds(WindowLengths(input: 64, output: 64)) < valid)
    let (short, long) = (WindowLengths(input: 64, output: 64), WindowLengths(input: 128, output: 128))
    #expect(c.multiplyAdds(long) > c.multiplyAdds(short))
  }
}
