import Foundation
import SwiftDL
import TestSupport
import Testing

@Suite struct JSONTests {
  private func parse(_ text: String) throws -> JSON { try JSON(Array(text.utf8)) }

  @Test func readsEveryKindOfValue() throws {
    let text =
      " {\"a\" : [1, -2.5e-1, true, false, null, \"\\u00e4\\ud834\\udd1e\\n\\/\"], \"b\": {}} \n"
    let expected: JSON = .object([
      .init(
        "a",
        .array([.integer(1), .number(-0.25), .bool(true), .bool(false), .null, .string("ä𝄞\n/")])),
      .init("b", .object([])),
    ])
    #expect(try parse(text) == expected)
    #expect(try parse(expected.text) == expected)
    #expect(try parse("9223372036854775807") == .integer(.max))
    #expect(try parse("9223372036854775808") == .number(0x1p63))
  }

  @Test(arguments: [
    "", " ", "{", "[1,]", "[1 2]", "{\"a\" 1}", "{a:1}", "{\"a\":1,}", "01", "-", "1.", ".5", "1e",
    "+1",
    "nul", "truex", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\ud834\"", "\"\\ud834\\u0041\"",
    "\"\\udd1e\"",
    "\"\u{1}\"", "1e999", "NaN", "[1]]", "{\"a\":1,\"a\":1}", "'a'", "// no\n1",
  ])
  func refusesEverythingElse(text: String) {
    #expect(throws: JSON.SyntaxError.self) { try parse(text) }
  }

  @Test func agreesWithFoundationOnItsOwnText() throws {
    let value: JSON = .object([
      .init(
        "q\"\\\u{7}\n",
        .array([.number(0.1), .number(1e300), .integer(-5), .string("ж\u{0}\u{1f}")]))
    ])
    let data = Data(value.text.utf8)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: [Any]])
    let values = try #require(object["q\"\\\u{7}\n"])
    #expect(values[0] as? Double == 0.1 && values[1] as? Double == 1e300 && values[2] as? Int == -5)
    #expect(values[3] as? String == "ж\u{0}\u{1f}")
  }
}
