/// Stops the program with a message when the caller broke a rule.
///
/// `precondition` keeps its message to itself in release builds, and release builds are what people run: a
/// shape that does not fit must be told there too.
@inline(__always)
package func require(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  if condition() { return }
  fatalError(message(), file: file, line: line)
}
