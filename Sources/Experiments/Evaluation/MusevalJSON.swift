extension TrackScores {
  /// The version of museval whose files these are.
  public static let musevalVersion = "0.4.1"

  /// The scores as museval writes them, and its `EvalStore` and `MethodStore` read them: five decimals; NaN, and infinity, as the bare word `NaN`
  /// (which JSON does not know, but museval's reader does).
  public var musevalJSON: String {
    let targets = targets.map { target in
      """
          {
            "name": \(JSONText.quoted(target.name)),
            "frames": [
      \(target.windows.enumerated().map(frame).joined(separator: ",\n"))
            ]
          }
      """
    }
    return """
      {
        "targets": [
      \(targets.joined(separator: ",\n"))
        ],
        "museval_version": \(JSONText.quoted(Self.musevalVersion))
      }

      """
  }

  private func frame(_ index: Int, _ metrics: SeparationMetrics) -> String {
    func number(_ name: String) -> String {
      metrics[name].isFinite ? metrics[name].text(decimals: 5) : "NaN"
    }
    return """
              {
                "time": \(Double(index) * hop),
                "duration": \(window),
                "metrics": {
                  "SDR": \(number("SDR")),
                  "SIR": \(number("SIR")),
                  "SAR": \(number("SAR")),
                  "ISR": \(number("ISR"))
                }
              }
      """
  }
}

/// Pieces of JSON.
enum JSONText {
  /// A string in quotes, escaped.
  static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }

  /// A number, or null where it is not finite.
  static func number(_ value: Double, decimals: Int = 5) -> String {
    value.isFinite ? value.text(decimals: decimals) : "null"
  }
}
