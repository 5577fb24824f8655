import Experiments
import SwiftDL
import SwiftDLModels
import Testing

@Suite("matched networks")
struct MatchedModelsTests {
  @Test("receptive fields match", arguments: [10, 12, 14, 16, 18])
  func contexts(power: Int) {
    for kind in MatchedModels.Kind.allCases {
      for model in [
        MatchedModels.matching(context: 1 << power, kind),
        MatchedModels.matching(context: 1 << power, parameters: 1_000_000, kind),
      ] {
        let share = Double(model.receptiveField) / Double(1 << power)
        #expect(abs(share - 1) <= MatchedModels.contextTolerance, "\(kind) \(share)")
      }
    }
  }

  @Test("parameters match, at every receptive field", arguments: [10, 12, 14, 16, 18], [1_000_000, 4_000_000])
  func parameters(power: Int, wanted: Int) {
    for kind in MatchedModels.Kind.allCases {
      let model = MatchedModels.matching(context: 1 << power, parameters: wanted, kind)
      let share = Double(model.parameterCount) / Double(wanted)
      #expect(abs(share - 1) <= MatchedModels.parameterTolerance, "\(kind) \(share)")
    }
  }

  @Test("windows give the outputs asked for, and stand before them what one output depends on")
  func windows() {
    for kind in MatchedModels.Kind.allCases {
      let model = MatchedModels.matching(context: 4096, parameters: 1_000_000, kind)
      let window = model.window(forOutputFrames: 4096)
      #expect(window.output == 4096)
      // A U-Net's receptive field depends on the output's phase; the largest counts, the first output's may be less.
      let before = Double(window.input - window.output)
      #expect(abs(before / Double(model.receptiveField) - 1) < 0.04)
    }
  }

  @Test("the plan: names are unique, quick is less, and filters filter")
  func plans() {
    let whole = SequenceBenchmark(SequenceBenchmarkSettings())
    let quick = SequenceBenchmark(SequenceBenchmarkSettings(quick: true))
    #expect(quick.count < whole.count)
    #expect(Set(whole.plan.names).count == whole.count)
    #expect(whole.plan.names.contains { $0.hasPrefix("as-published/audio/wavenet-audio/") })
    var settings = SequenceBenchmarkSettings()
    (settings.models, settings.measurements) = (["wavenet"], [.inference])
    let names = SequenceBenchmark(settings).plan.names
    #expect(!names.isEmpty && names.allSatisfy { $0.contains("wavenet") && $0.hasSuffix("/inference/ours") })
  }
}
