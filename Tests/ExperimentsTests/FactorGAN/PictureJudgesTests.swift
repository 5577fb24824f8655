import Experiments
import SwiftDL
import SwiftDLModels
import Testing

@Suite("Judges of pictures") struct PictureJudgesTests {
  private let palette = LabelPalette(
    entries: [
      .init(name: "red", colour: Colour(red: 255, green: 0, blue: 0), isEvaluated: true),
      .init(name: "green", colour: Colour(red: 0, green: 255, blue: 0), isEvaluated: true),
      .init(name: "void", colour: Colour(red: 0, green: 0, blue: 0), isEvaluated: false),
    ], isExact: true)

  /// One image, a row of pixels.
  private func row(_ colours: [[Float]]) -> Tensor { Tensor([1, 1, colours.count, 3], colours.flatMap { $0 }) }

  @Test("labels are scored as the definitions say") func labels() throws {
    let (red, green, black): ([Float], [Float], [Float]) = ([1, 0, 0], [0, 1, 0], [0, 0, 0])
    var scores = LabelScores(palette)
    // True: red red green void; found: nearly red, green, green, and what does not count.
    scores.add(row([[0.9, 0.2, 0], green, green, red]), row([red, red, green, black]))
    let figures = scores.json
    #expect(abs((figures["pixel_accuracy"]?.number ?? 0) - 2.0 / 3) < 1e-12)
    // Red: 1 of 2; green: 1 of 2.
    #expect(abs((figures["mean_iou"]?.number ?? 0) - 0.5) < 1e-12)
    #expect(abs((figures["mean_dice"]?.number ?? 0) - 2.0 / 3) < 1e-12)
    let squares = 0.01 + 0.04 + 2 + 1.0
    #expect(abs((figures["mse"]?.number ?? 0) - squares / 12) < 1e-6)
  }

  @Test("accuracy is a mean over images, then over batches") func means() {
    var scores = LabelScores(palette)
    let (red, green): ([Float], [Float]) = ([1, 0, 0], [0, 1, 0])
    scores.add(row([red, red]), row([red, red]))
    scores.add(
      .concatenated([row([red, red]), row([red, green])], axis: 0),
      .concatenated([row([green, green]), row([red, red])], axis: 0))
    #expect(abs((scores.json["pixel_accuracy"]?.number ?? 0) - (1 + (0 + 0.5) / 2) / 2) < 1e-12)
  }

  @Test("Cityscapes has 35 classes, of which 19 count") func cityscapes() {
    #expect(LabelPalette.cityscapes.entries.count == 35)
    #expect(LabelPalette.cityscapes.evaluated.count == 19)
  }

  /// The loss of a classifier between brightnesses around two means.
  private func loss(_ real: Float, _ fake: Float) -> Double? {
    var random = RandomStream(seed: 2)
    func images(_ mean: Float) -> Tensor { random.uniform([100, 8, 8, 1], in: mean - 0.1..<mean + 0.1) }
    let (a, b) = (images(real), images(fake))
    func some(_ all: Tensor, _ places: ArraySlice<Int>) -> Tensor {
      all.reshaped([100, -1]).gatheredRows(Array(places)).reshaped([places.count, 8, 8, 1])
    }
    let judge = LeastSquaresJudge(.init(height: 8, width: 8, channels: 1, features: 4), epochs: 40, rate: 1e-2)
    return judge.loss(
      count: 100, real: { some(a, $0) }, generated: { some(b, $0) }, random: RandomStream(seed: 3), shouldStop: { false })
  }

  @Test("a classifier that can tell gives 0, one that cannot gives a half") func leastSquares() throws {
    #expect(try #require(loss(0.2, 0.8)) < 0.02)
    let same = try #require(loss(0.5, 0.5))
    #expect(same > 0.4)
  }
}
