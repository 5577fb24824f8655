import SwiftDLAudio
import Testing

@Suite("mu-law levels")
struct MuLawTests {
  @Test("silence is level 128, full scale the outermost levels")
  func ends() {
    #expect(MuLaw.level(of: 0) == MuLaw.silence && MuLaw.silence == 128)
    #expect(MuLaw.level(of: 1) == 255 && MuLaw.level(of: -1) == 0)
    #expect(MuLaw.level(of: 7) == 255 && MuLaw.level(of: -.infinity) == 0)
  }

  @Test("a level's sample is of that level, and samples grow with levels")
  func roundTrip() {
    let samples = (0..<MuLaw.levels).map(MuLaw.sample)
    #expect(samples.map(MuLaw.level) == Array(0..<MuLaw.levels))
    #expect(zip(samples, samples.dropFirst()).allSatisfy { $0 < $1 })
    // The scale is odd about its middle, which lies between two levels.
    #expect(zip(samples, samples.reversed()).allSatisfy { abs($0 + $1) < 1e-6 })
  }

  @Test("what companding loses is a share of the sample, not of full scale")
  func error() {
    for step in 1...2000 {
      let x = Float(step) / 2000
      let error = abs(MuLaw.sample(of: MuLaw.level(of: x)) - x)
      // Half a level is ln 256 / 255 = 0.0217 of (x + 1/255), and a little more on its upper side.
      #expect(error <= 0.0222 * (x + 1 / 255), "\(x)")
    }
  }
}
