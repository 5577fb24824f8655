/// A table as text: in columns for a terminal, or for a Markdown page.
struct TextTable {
  let heads: [String]
  /// A cell for every head.
  let rows: [[String]]
  /// How many columns, from the first, stand to the left; the others hold numbers and stand to the right.
  var names = 1

  /// Cells under each other, without a line's end at the end.
  var text: String {
    let lines = [heads] + rows
    let widths = heads.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      line.indices.map { column in
        column < names ? line[column].padded(to: widths[column]) : line[column].leftPadded(to: widths[column])
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  /// A line for each row, each with its end.
  var markdown: String {
    ([heads, heads.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
  }

  /// LaTeX's `tabular`, with what means something to LaTeX written out.
  var latex: String {
    let columns = heads.indices.map { $0 < names ? "l" : "r" }.joined()
    let lines = ([heads] + rows).map { $0.map(Self.escaped).joined(separator: " & ") + " \\\\\n" }
    return "\\begin{tabular}{\(columns)}\n\\hline\n" + lines[0] + "\\hline\n" + lines.dropFirst().joined()
      + "\\hline\n\\end{tabular}\n"
  }

  private static func escaped(_ cell: String) -> String {
    if Double(cell) != nil, cell.hasPrefix("-") { return "$\(cell)$" }
    return cell.map { character in
      switch character {
      case "\\": "\\textbackslash{}"
      case "~": "\\textasciitilde{}"
      case "^": "\\textasciicircum{}"
      case "&", "%", "$", "#", "_", "{", "}": "\\\(character)"
      default: String(character)
      }
    }.joined()
  }
}
