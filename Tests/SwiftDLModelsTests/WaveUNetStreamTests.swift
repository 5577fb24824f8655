import SwiftDL
import SwiftDLModels
import Testing

/// A Wave-U-Net that goes through a signal piece by piece.
@Suite struct WaveUNetStreamTests {
  /// Networks of several depths, kernels and forms.
  static let networks: [WaveUNetConfiguration] = [1, 2, 4, 5, 7].flatMap { levels in
    [(15, 5, 1), (5, 3, 3), (3, 1, 5)].map { down, up, last in
      var c = WaveUNetConfiguration.m5
      (c.levels, c.filters, c.downKernel, c.upKernel, c.outputKernel) = (levels, 2, down, up, last)
      c.channels = 1 + levels % 2
      c.upsampling = down == 5 ? .learned : .linear
      c.output = up == 5 ? .difference : .direct
      return c
    }
  } + [wide]

  /// As wide as the published ones: sums so long that kernels add them in parts, and pixels of 24 channels in pairs.
  static let wide: WaveUNetConfiguration = {
    var c = WaveUNetConfiguration.m4
    c.levels = 5
    return c
  }()

  @Test("pieces of any size give what one pass over the whole gives, to the bit", arguments: networks)
  func piecesEqualTheWhole(_ configuration: WaveUNetConfiguration) throws {
    var random = RandomStream(seed: UInt64(configuration.levels))
    var network = WaveUNet(configuration, random: random)
    network = network.mapParameters { path, tensor in
      path.hasSuffix("interpolation") ? random.uniform(tensor.shape, in: -2..<2) : tensor
    }
    let window = configuration.window(forOutputFrames: 3000)
    let signal = random.uniform([1, window.input, configuration.channels], in: -1..<1)
    let whole = network(signal)
    for most in [window.input, 1500, 97] {
      var stream = WaveUNetStream(network)
      var (given, outputs, answered): (Int, [Tensor], Int) = (0, [], 0)
      while given < window.input {
        let frames = min(window.input - given, most == window.input ? most : 1 + random.integer(below: most))
        let new = stream(signal.sliced(axis: 1, given..<given + frames))
        given += frames
        if let new {
          outputs.append(new)
          answered += new.shape[1]
        }
        // The answer stays behind by the context and what the deepest level rounds off.
        let context = window.input - window.output
        #expect(given - answered <= context + 12 * configuration.totalStride + frames, "\(given), \(answered)")
      }
      let joined = Tensor.concatenated(outputs, axis: 1)
      #expect(joined.shape[1] > window.output / 2, "\(joined.shape) of \(whole.shape)")
      #expect(joined.scalars == whole.sliced(axis: 1, 0..<joined.shape[1]).scalars, "pieces of up to \(most)")
    }
  }
}
