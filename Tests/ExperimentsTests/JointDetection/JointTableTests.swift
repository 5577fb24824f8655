import Experiments
import Testing

@Suite("Joint table") struct JointTableTests {
  @Test("differences are tested over tracks: more seeds of the same tracks prove no more") func chances() {
    let seed: (first: [Double?], second: [Double?]) = ([5, 6, 8, 10, 13], [4, 4, 5, 6, 8])
    // All of five to one side, 2 in 2⁵, from however many seeds.
    #expect(JointTable.chanceByTrack([seed]) == 0.0625)
    #expect(JointTable.chanceByTrack([seed, seed, seed]) == 0.0625)
    // A seed that says the opposite, and as much.
    #expect(JointTable.chanceByTrack([seed, (first: seed.second, second: seed.first)]) == 1)
    // Tracks on which a figure is not defined do not count.
    #expect(JointTable.chanceByTrack([(first: [1, nil, 3, 9], second: [0, 5, 1, nil])]) == 0.5)
    #expect(JointTable.chanceByTrack([(first: [nil], second: [1])]) == nil)
    #expect(JointTable.chanceByTrack([]) == nil)
  }
}
