import SwiftDL
import SwiftDLModels

/// Where a parameter of ours lies in the files of a network's author.
struct AuthorTensor {
  /// Several are joined along the last axis.
  let names: [String]
  /// The order of axes that makes it ours.
  var permutation: [Int]?

  init(_ names: [String], permutation: [Int]? = nil) {
    self.names = names
    self.permutation = permutation
  }
}

/// A network whose author published weights.
protocol AuthorLayout: Network {
  /// What may stand before every name.
  static var prefixes: [String] { get }
  /// Where the parameter at a path lies.
  func authorTensor(_ path: String) -> AuthorTensor?
}

extension WaveUNet: AuthorLayout {
  static var prefixes: [String] { ["separator/", ""] }

  /// Variables of TensorFlow 1: convolutions numbered as they are made, with axes as ours; the sources' output layers are
  /// convolutions of their own.
  func authorTensor(_ path: String) -> AuthorTensor? {
    let parts = path.split(separator: ".").map(String.init)
    func conv(_ number: Int) -> String {
      "conv1d\(number == 0 ? "" : "_\(number)")/\(parts.last == "bias" ? "bias" : "kernel")"
    }
    let levels = configuration.levels
    switch (parts[0], parts.count > 1 ? Int(parts[1]) : nil) {
    case ("down", let level?): return AuthorTensor([conv(level)])
    case ("bottleneck", _): return AuthorTensor([conv(levels)])
    case ("up", let level?):
      return AuthorTensor([parts.last == "interpolation" ? "interp_\(level)" : conv(levels + 1 + level)])
    case ("output", _):
      let predicted = configuration.sources.count - (configuration.lastSourceIsRest ? 1 : 0)
      return AuthorTensor((0..<predicted).map { conv(2 * levels + 1 + $0) })
    default: return nil
    }
  }
}

extension ResamplingWaveUNet: AuthorLayout {
  static var prefixes: [String] { ["", "module.", "model_state_dict."] }

  /// A state of PyTorch modules: weights `[out, in, kernel]`, a module for every source, or one called ALL.
  func authorTensor(_ path: String) -> AuthorTensor? {
    let parts = path.split(separator: ".").map(String.init)
    guard parts.count > 3, parts[0] == "networks", let network = Int(parts[1]), let last = parts.last else { return nil }
    let source = configuration.isShared ? "ALL" : configuration.sources[network]
    let places = [
      "skip": "pre_shortcut_convs", "next": "post_shortcut_convs", "before": "pre_shortcut_convs",
      "joined": "post_shortcut_convs",
    ]
    let module: String
    switch parts[2] {
    case "down", "up":
      guard parts.count > 4, let place = places[parts[4]] else { return nil }
      module = "\(parts[2])sampling_blocks.\(parts[3]).\(place).0"
    case "bottleneck": module = "bottlenecks.0"
    case "output": module = "output_conv"
    default: return nil
    }
    let isNorm = parts.contains("norm")
    let field = isNorm ? (last == "scale" ? "norm.weight" : "norm.bias") : parts[2] == "output" ? last : "filter.\(last)"
    return AuthorTensor(
      ["waveunets.\(source).\(module).\(field)"], permutation: !isNorm && last == "weight" ? [2, 1, 0] : nil)
  }
}
