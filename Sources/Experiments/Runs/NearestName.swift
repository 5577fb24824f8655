/// Finds what was meant when a name is unknown.
enum NearestName {
  /// The candidate at the smallest edit distance, if that is small for the name's length; the first
  /// of equals.
  static func find(_ name: String, among candidates: [String]) -> String? {
    let limit = max(1, min(name.count, 12) / 3)
    let scored = candidates.map {
      (name: $0, distance: distance(name.lowercased(), $0.lowercased()))
    }
    return scored.filter { $0.distance <= limit }.min { $0.distance < $1.distance }?.name
  }

  /// “did you mean …?”, or the whole choice where it is short.
  static func hint(for name: String, among candidates: [String], noun: String) -> String? {
    if let nearest = find(name, among: candidates) { return "did you mean \(nearest)?" }
    return candidates.isEmpty || candidates.count > 16
      ? nil : "\(noun): \(candidates.joined(separator: ", "))"
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
  static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var beforeLast = [Int]()
    var last = Array(0...right.count)
    for row in 0..<left.count {
      var current = [row + 1]
      for column in 0..<right.count {
        let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
        var best = min(replaced, last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          best = min(best, beforeLast[column - 1] + 1)
        }
        current.append(best)
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
