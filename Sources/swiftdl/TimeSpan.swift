import ArgumentParser

/// Seconds as people write them: `62.5`, `1:02.5`, `1:00:00`.
struct TimeSpan: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    var seconds = 0.0
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      guard let value = isLast ? Double(part) : Int(part).map(Double.init), value.isFinite, value >= 0,
        index == 0 || value < 60
      else { return nil }
      seconds = 60 * seconds + value
    }
    guard parts.count <= 3, seconds <= 1e9 else { return nil }
    self.seconds = seconds
  }
}
