import Experiments
import Testing

@Suite("The table of beginnings") struct MetaTableTests {
  /// Figures of six tasks: joint training is always ahead of random weights, Reptile on half of the tasks.
  private func table(seeds: [Int] = [0]) throws -> MetaTable {
    var cells: [MetaReproduction.Cell] = []
    for (index, task) in ["beats", "chords", "genre", "key", "onsets", "tempo"].enumerated() {
      let scores = ["random": 0.5, "joint": 0.6, "reptile": index < 3 ? 0.55 : 0.45]
      for (name, score) in scores {
        for (seed, k) in seeds.flatMap({ seed in [2, 4].map { (seed, $0) } }) {
          let cell = MetaReproduction.Cell([
            "task": task, "metric": "F", "initialisation": name, "k": k, "seed": seed,
            "steps": [0, 1, 5], "scores": [0.0, score + 0.1 * Double(seed), 0.5], "seconds": 2.0,
          ])
          cells.append(try #require(cell))
        }
      }
    }
    #expect(cells.count == 36 * seeds.count)
    return MetaTable(cells, trainings: [], settings: MetaConfiguration())
  }

  @Test("a lead is told in places, with the chance of it over tasks") func leads() throws {
    let page = try table().markdown
    // Six tasks to one side: 2^-5. Three to either side, by as much: as likely as can be.
    #expect(page.contains("6 can give no p below 0.031"))
    #expect(
      page.contains("| steps | joint | reptile |\n| --- | --- | --- |\n| 1 | 1.50 (p = 0.031) | 0.00 (p = 1.000) |"),
      "\(page)")
    #expect(page.contains("| 5 | 0.00 (p = 1.000) | 0.00 (p = 1.000) |"))
    #expect(page.contains("| 2 | 1 | 2.50 | 1.00 | 2.50 |"))
  }

  @Test("several seeds are told by mean and spread") func seeds() throws {
    #expect(try table().text.contains("0.600"))
    #expect(!(try table().text.contains("±")))
    #expect(try table(seeds: [0, 1]).text.contains("0.650 ± 0.050"))
    #expect(try table(seeds: [0, 1, 2]).markdown.contains("Seeds of heads and examples: 0, 1, 2."))
  }
}
