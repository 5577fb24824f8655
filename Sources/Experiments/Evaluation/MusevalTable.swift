import SwiftDL

extension SeparationEvaluation.Method {
  /// The table that museval's `EvalStore` prints of its files, letter for letter: of each source the median
  /// over tracks of the medians over windows, in dB.
  public var musevalTable: String {
    var names: [String] = []
    for target in tracks.flatMap(\.targets) where !names.contains(target.name) { names.append(target.name) }
    let lines = names.map { name in
      let cells = SeparationMetrics.names.map { metric in
        let byTrack = tracks.flatMap(\.targets).filter { $0.name == name }.map { target in
          ScoreStatistics.median(target.windows.map { Self.asWritten($0[metric]) })
        }
        return "\(metric):" + ScoreStatistics.median(byTrack).text(decimals: 3).leftPadded(to: 8) + "  "
      }
      return name.padded(to: 16) + "==> " + cells.joined() + "\n"
    }
    // The first word is museval's.
    return "Aggrated Scores (median over frames, median over tracks)\n" + lines.joined()
  }

  /// The five decimals of a file.
  private static func asWritten(_ score: Double) -> Double { (score * 1e5).rounded() / 1e5 }
}
