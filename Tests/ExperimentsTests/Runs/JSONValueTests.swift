import Experiments
import Foundation
import Testing

@Suite struct JSONValueTests {
  static let sample: JSONValue = [
    "text": "quotes \" \\ / tab\t newline\n bell\u{7} ü 𝄞", "integer": -42, "number": 0.1,
    "tiny": 1e-300,
    "list": [1, 2.5, .null, true, "x", [], [:]] as [JSONValue], "empty": "",
    "inner": ["b": 1, "a": 2] as JSONObject,
  ]

  @Test(arguments: [nil, 0, 2] as [Int?], [false, true])
  func textReadsBack(indentation: Int?, sorted: Bool) throws {
    let text = Self.sample.written(indentation: indentation, sortedKeys: sorted)
    #expect(try JSONValue(parsing: text) == Self.sample)
    #expect(text.contains("\n") == (indentation != nil))
    // Another reader agrees that this is JSON.
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
  }

  @Test func orderIsKept() throws {
    let text = #"{"z":1,"a":2,"m":{"y":1,"b":2}}"#
    #expect(try JSONValue(parsing: text).text == text)
    #expect(
      try JSONValue(parsing: text).written(sortedKeys: true) == #"{"a":2,"m":{"b":2,"y":1},"z":1}"#)
  }

  @Test func numbersThatAreNoneBecomeNull() {
    let line: JSONObject = [
      "nan": Double.nan, "inf": -Float.infinity, "ok": Float(0.1), "none": nil as Int?,
    ]
    #expect(line.json.text == #"{"nan":null,"inf":null,"ok":0.1,"none":null}"#)
  }

  @Test(arguments: [
    "1", "-0.5", "1e5", "1E-5", "0", " [1 , 2 ] ", "\"\\u00fc\\ud834\\udd1e\"", "{}", "[]", "null",
  ])
  func validTexts(text: String) throws {
    #expect(throws: Never.self) { try JSONValue(parsing: text) }
  }

  @Test(arguments: [
    "", "01", "+1", ".5", "5.", "1e", "--1", "nan", "NaN", "tru", "[1,]", "{\"a\":1,}", "{a:1}",
    "[1 2]", "1 2",
    "\"abc", "\"\\x\"", "\"\\ud834\"", "\"\\ud834\\u0041\"", "\"a\nb\"", "{\"a\":1,\"a\":2}",
    "1e999",
    String(repeating: "[", count: 5000),
  ])
  func invalidTexts(text: String) throws {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
  }

  @Test func keysAreReplacedInPlaceAndRemoved() {
    var object: JSONObject = ["a": 1, "b": 2]
    object["a"] = 3
    object["c"] = .null
    object["b"] = nil
    #expect(object.json.text == #"{"a":3,"c":null}"#)
    #expect(object.merging(["a": 1, "d": 4]) == ["d": 4, "c": JSONValue.null, "a": 1])
  }
}
