import Experiments
import SwiftDL
import SwiftDLModels
import Testing

@Suite("Reports of runs") struct RunReportTests {
  private func page(of configuration: some RunConfiguration) throws -> String {
    try withFreePath { path in
      let run = try RunFolder.create(path, configuration: configuration, environment: here)
      try run.log(["step": 1, "loss": 0.5, "train_loss": 0.5, "valid_loss": 0.4])
      try RunReports.write(run: path)
      return try contents(run.reportFile)
    }
  }

  @Test("every kind of run has its own page") func kinds() throws {
    let kinds: [(any RunConfiguration, String)] = [
      (try SeparationConfiguration<WaveUNet>(preset: "wave-u-net-m1"), "<title>Separating accompaniment and vocals"),
      (try SequenceConfiguration<TCN>(task: .music, preset: "tcn-jsb"), "<title>Predicting music"),
      (try SequenceConfiguration<SeqUNet>(task: .words, preset: "seq-u-net-word"), "<title>Predicting word-lm"),
      (FactorGANConfiguration(), "<title>Generating paired-digits"),
      (AdversarialConfiguration(), "<title>Separating accompaniment, vocals"),
      (JointConfiguration(), "<title>Finding and separating singing"),
      (MetaConfiguration(), "<title>An initialisation for many tasks"),
    ]
    for (configuration, title) in kinds {
      let page = try page(of: configuration)
      #expect(page.contains(title), "\(title)")
    }
  }

  @Test("what is no run of any kind, and stems of what separates nothing, are refused") func refusals() throws {
    #expect(problem { try page(of: ExampleSettings()) }.contains("a kind that this program does not know"))
    try withFreePath { path in
      let run = try RunFolder.create(path, configuration: MetaConfiguration(), environment: here)
      let told = problem { try RunReports.write(run: path, references: "stems") }
      #expect(told.contains(path) && told.contains("leave --references out"))
      #expect(!Folders.exists(run.reportFile))
    }
    #expect(problem { try RunReports.write(run: "/nowhere/run") }.contains("there is no run here"))
  }
}
