import Foundation

/// Elements of SVG and of the XML spelling of HTML, as text.
enum Markup {
  /// `<name key="value">content</name>`, or `<name …/>` without content. Attributes are escaped,
  /// content is not.
  static func element(
    _ name: String, _ attributes: KeyValuePairs<String, any AttributeValue> = [:],
    _ content: String? = nil
  ) -> String {
    var text = "<\(name)"
    for (key, value) in attributes { text += " \(key)=\"\(escaped(value.attributeText))\"" }
    return text + (content.map { ">\($0)</\(name)>" } ?? "/>")
  }

  /// Text that XML takes as it is meant. Control characters, which XML cannot hold at all, become
  /// spaces.
  static func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "\n": out += "\n"
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
        out += " "
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// `data:TYPE;base64,…`
  static func dataURI(_ bytes: [UInt8], type: String) -> String {
    "data:\(type);base64,\(Data(bytes).base64EncodedString())"
  }
}

protocol AttributeValue { var attributeText: String { get } }
extension String: AttributeValue { var attributeText: String { self } }
extension Int: AttributeValue { var attributeText: String { String(self) } }

/// Coordinates to a hundredth of a pixel.
extension Double: AttributeValue {
  var attributeText: String {
    let hundredths = (self * 100).rounded()
    return hundredths == (hundredths / 100).rounded() * 100
      ? String(Int(hundredths / 100)) : String(hundredths / 100)
  }
}
