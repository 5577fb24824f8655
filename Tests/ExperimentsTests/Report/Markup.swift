import Foundation
import FoundationXML
import Testing

/// The elements of a well-formed XML text, with their attributes and the text directly inside.
final class Elements: NSObject, XMLParserDelegate {
  struct Element {
    var name: String
    var attributes: [String: String]
    var text = ""
  }
  private(set) var all: [Element] = []
  private var open: [Int] = []

  /// Fails the test and throws where the text is not well-formed.
  init(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    let done = parser.parse()
    try #require(
      done, "line \(parser.lineNumber): \(parser.parserError.map { "\($0)" } ?? "")",
      sourceLocation: sourceLocation)
  }

  func named(_ name: String) -> [Element] { all.filter { $0.name == name } }
  var texts: [String] { all.map(\.text).filter { !$0.isEmpty } }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(all.count)
    all.append(Element(name: name, attributes: attributes))
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    if let last = open.last { all[last].text += text }
  }
}
