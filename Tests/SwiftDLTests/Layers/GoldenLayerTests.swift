import SwiftDL
import TestSupport
import Testing

/// Every layer against PyTorch: output and gradients at the input and at every parameter.
@Suite struct GoldenLayerTests {
  @Test(arguments: GoldenCase.of("conv1D"))
  func conv1D(golden: GoldenCase) {
    let padding: Conv1DPadding =
      switch golden.text("mode") {
      case "same": .same
      case "causal": .causal
      default: .explicit(Padding(before: golden.number("before"), after: golden.number("after")))
      }
    let layer = Conv1D(
      weight: golden["weight"], bias: golden.tensor("bias"), stride: golden.number("stride"),
      dilation: golden.number("dilation"), groups: golden.number("groups"), padding: padding,
      activation: golden.activation)
    golden.expectSame(layer) { $0($1) }
  }

  @Test(arguments: GoldenCase.of("transposedConv1D"))
  func transposedConv1D(golden: GoldenCase) {
    let layer = TransposedConv1D(
      weight: golden["weight"], bias: golden["bias"], stride: golden.number("stride"),
      dilation: golden.number("dilation"), groups: golden.number("groups"),
      cropping: Padding(before: golden.number("before"), after: golden.number("after")),
      activation: golden.activation)
    golden.expectSame(layer) { $0($1) }
  }

  @Test(arguments: GoldenCase.of("conv2D"))
  func conv2D(golden: GoldenCase) {
    let layer = Conv2D(
      weight: golden["weight"], bias: golden["bias"], stride: golden.pair("stride"),
      dilation: golden.pair("dilation"), groups: golden.number("groups"),
      padding: golden.text("mode") == "same"
        ? .same : .explicit(vertical: golden.vertical, horizontal: golden.horizontal),
      activation: golden.activation)
    golden.expectSame(layer) { $0($1) }
  }

  @Test(arguments: GoldenCase.of("transposedConv2D"))
  func transposedConv2D(golden: GoldenCase) {
    let layer = TransposedConv2D(
      weight: golden["weight"], bias: golden["bias"], stride: golden.pair("stride"),
      dilation: golden.pair("dilation"), groups: golden.number("groups"),
      verticalCropping: golden.vertical, horizontalCropping: golden.horizontal,
      activation: golden.activation)
    golden.expectSame(layer) { $0($1) }
  }

  @Test(arguments: GoldenCase.of("dense"))
  func dense(golden: GoldenCase) {
    let layer = Dense(weight: golden["weight"], bias: golden["bias"], activation: golden.activation)
    golden.expectSame(layer) { $0($1) }
  }

  @Test(arguments: GoldenCase.of("embedding"))
  func embedding(golden: GoldenCase) {
    golden.expectSame(Embedding(table: golden["table"])) { layer, _ in
      layer(golden.indices("indices"), shape: golden["indices"].shape)
    }
  }

  @Test(arguments: GoldenCase.of("batchNorm"))
  func batchNorm(golden: GoldenCase) {
    var layer = BatchNorm(channels: golden["scale"].count)
    layer.scale = golden["scale"]
    layer.shift = golden["shift"]
    layer.runningMean = golden["mean.before"]
    layer.runningVariance = golden["variance.before"]
    let context = Context(training: golden.number("training") == 1)
    golden.expectSame(layer) { $0($1, context) }
    context.applyUpdates(to: &layer)
    expectClose(layer.runningMean, golden["mean.after"], "running mean")
    expectClose(layer.runningVariance, golden["variance.after"], "running variance")
  }

  @Test(arguments: GoldenCase.of("groupNorm"))
  func groupNorm(golden: GoldenCase) {
    let x = golden["x"]
    var layer = GroupNorm(
      groups: golden.number("groups"), channels: x.shape[x.rank - 1],
      hasScale: golden.tensor("scale") != nil)
    layer.scale = golden.tensor("scale")
    layer.shift = golden.tensor("shift")
    golden.expectSame(layer) { $0($1) }
  }

  @Test(arguments: GoldenCase.of("layerNorm"))
  func layerNorm(golden: GoldenCase) {
    var layer = LayerNorm(channels: golden["scale"].count)
    layer.scale = golden["scale"]
    layer.shift = golden["shift"]
    golden.expectSame(layer) { $0($1) }
  }

  @Test(
    arguments: GoldenCase.of(
      "weightNorm.conv1D", "weightNorm.dense", "weightNorm.transposedConv1D"))
  func weightNorm(golden: GoldenCase) {
    func check(_ base: some WeightedLayer) {
      var layer = WeightNorm(base, axis: golden.number("axis"))
      layer.gain = golden["gain"]
      golden.expectSame(layer) { $0($1) }
    }
    switch golden.kind {
    case "weightNorm.conv1D": check(Conv1D(weight: golden["weight"], bias: golden["bias"]))
    case "weightNorm.dense": check(Dense(weight: golden["weight"], bias: golden["bias"]))
    default: check(TransposedConv1D(weight: golden["weight"], bias: golden["bias"], stride: 2))
    }
  }

  @Test(arguments: GoldenCase.of("spectralNorm.conv1D", "spectralNorm.transposedConv1D"))
  func spectralNorm(golden: GoldenCase) {
    func check(_ base: some WeightedLayer) {
      var random = RandomStream(seed: 1)
      var layer = SpectralNorm(base, random: &random)
      layer.u = golden["u.before"]
      layer.v = golden["v.before"]
      let context = Context(training: golden.number("training") == 1)
      golden.expectSame(layer) { $0($1, context) }
      context.applyUpdates(to: &layer)
      expectClose(layer.u, golden["u.after"], "u")
      expectClose(layer.v, golden["v.after"], "v")
    }
    if golden.kind == "spectralNorm.conv1D" {
      check(Conv1D(weight: golden["weight"], bias: golden["bias"]))
    } else {
      check(TransposedConv1D(weight: golden["weight"], bias: golden["bias"]))
    }
  }

  @Test(arguments: GoldenCase.of("gated"))
  func gated(golden: GoldenCase) { golden.expectSame { $0.gated() } }
}

extension GoldenCase {
  fileprivate func pair(_ name: String) -> Conv2DGeometry.Pair {
    Conv2DGeometry.Pair(number(name + "Height"), number(name + "Width"))
  }
  fileprivate var vertical: Padding { Padding(before: number("top"), after: number("bottom")) }
  fileprivate var horizontal: Padding { Padding(before: number("left"), after: number("right")) }
}
