import Foundation
import SwiftDLModels

/// Networks for 256 symbols whose receptive fields, or whose parameters too, are as near to a common number as
/// their shapes allow.
///
/// Kernels and proportions stay as published: the residual Seq-U-Net has kernel 5 and two layers per block,
/// WaveNet four stacks of kernel 2 and a skip connection four times as wide as its signal. A TCN has the kernel 5
/// of the music models where only the receptive field is matched, and 3, that of the text models, where
/// parameters are (with 5, the largest receptive fields would need more rates than a TCN can have).
public enum MatchedModels {
  /// Receptive fields differ from the wanted one by no more than this share.
  public static let contextTolerance = 0.02
  /// Parameters differ from the wanted number by no more than this share.
  public static let parameterTolerance = 0.04

  /// The contestants of every matched comparison.
  public enum Kind: String, Sendable, CaseIterable {
    case seqUNet = "seq-u-net"
    case tcn
    /// As published.
    case waveNet = "wavenet"
    case waveNetCropped = "wavenet-cropped"
  }

  /// The network whose receptive field comes nearest to `frames`, at the width it was published with.
  public static func matching(context frames: Int, _ kind: Kind) -> SequenceModel {
    nearest(to: frames, 2...16) { levels in
      let width = kind == .seqUNet ? 180 : kind == .tcn ? 215 : 128
      return shape(kind, levels: levels, width: width, tcnKernel: 5)
    }
  }

  /// The network with that receptive field whose parameters come nearest to `parameters`: the width is what
  /// gives way, by two channels at a time.
  public static func matching(context frames: Int, parameters: Int, _ kind: Kind) -> SequenceModel {
    let levels = (2...16).min { distance($0) < distance($1) } ?? 2
    func distance(_ levels: Int) -> Double {
      apart(shape(kind, levels: levels, width: 16, tcnKernel: 3).receptiveField, frames)
    }
    let models = stride(from: 4, through: 1024, by: 2).lazy.map {
      shape(kind, levels: levels, width: $0, tcnKernel: 3)
    }
    return models.min { apart($0.parameterCount, parameters) < apart($1.parameterCount, parameters) }
      ?? shape(kind, levels: levels, width: 4, tcnKernel: 3)
  }

  private static func nearest(
    to frames: Int, _ levels: ClosedRange<Int>, _ make: (Int) -> SequenceModel
  ) -> SequenceModel {
    let models = levels.map(make)
    return models.min { apart($0.receptiveField, frames) < apart($1.receptiveField, frames) } ?? models[0]
  }

  private static func apart(_ a: Int, _ b: Int) -> Double { abs(log(Double(a) / Double(b))) }

  private static func shape(_ kind: Kind, levels: Int, width: Int, tcnKernel: Int) -> SequenceModel {
    switch kind {
    case .seqUNet:
      var c = SeqUNetResidualConfiguration.audio
      c.levels = levels
      c.width = width
      return .seqUNetResidual(c)
    case .tcn:
      var c = TCNConfiguration()
      c.symbols = SymbolConfiguration(count: 256, channels: width, dropout: 0, start: .uniform)
      c.inputChannels = width
      c.widths = Array(repeating: width, count: levels)
      c.outputChannels = nil
      c.kernel = tcnKernel
      return .tcn(c)
    case .waveNet, .waveNetCropped:
      var c = kind == .waveNet ? WaveNetConfiguration.audio : .audioCropped
      c.layers = levels
      c.width = width
      c.skipWidth = 4 * width
      return .waveNet(c)
    }
  }
}
