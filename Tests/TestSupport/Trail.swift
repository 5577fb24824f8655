public import Testing

/// The combination of values a test is at: `channels 3, stride 2`. Say it in expectations of your own:
/// `#expect(a == b, trail)`.
public var trail: Comment { Comment(rawValue: Trail.steps.isEmpty ? "" : "at " + Trail.description) }

/// Runs `body` for every value; expectations that fail inside name the value, and those of the
/// combinations around it.
///
///     withEvery("stride", in: 1...3) { stride in
///       withEvery("padding", in: [0, 2]) { padding in … }
///     }
public func withEvery<Values: Sequence>(
  _ name: String, in values: Values, _ body: (Values.Element) throws -> Void
) rethrows {
  for value in values {
    try Trail.$steps.withValue(Trail.steps + ["\(name) \(value)"]) { try body(value) }
  }
}

enum Trail {
  @TaskLocal static var steps: [String] = []
  static var description: String { steps.joined(separator: ", ") }
}

/// Reports a failure together with the trail that led to it.
func recordFailure(_ message: String, _ sourceLocation: SourceLocation) {
  let place = Trail.steps.isEmpty ? "" : " (at \(Trail.description))"
  Issue.record(Comment(rawValue: message + place), sourceLocation: sourceLocation)
}
