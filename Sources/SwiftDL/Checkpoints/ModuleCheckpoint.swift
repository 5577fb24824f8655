extension Module {
  /// Writes parameters and buffers, in visiting order, to a safetensors file.
  public func save(
    to path: String, metadata: [String: String] = [:], as type: StoredFloat = .float32
  ) throws(FileError) {
    try SafeTensorsFile.write(fields, metadata: metadata, as: type, to: path)
  }

  /// Reads parameters and buffers from a safetensors file whose names and shapes are exactly the
  /// model's.
  ///
  /// When anything is missing, unknown or of another shape, the model stays as it was and the error
  /// names it.
  /// - Returns: the file's metadata.
  @discardableResult
  public mutating func load(from path: String) throws(FileError) -> [String: String] {
    let file = try SafeTensorsFile(path)
    try load(from: file)
    return file.metadata
  }

  /// Reads parameters and buffers from an open file.
  public mutating func load(from file: SafeTensorsFile) throws(FileError) {
    let fields = self.fields
    try Self.check(file, fits: fields)
    var values: [Tensor] = []
    for path in fields.paths { values.append(try file.tensor(path)) }
    var position = 0
    forEachField { _, _, tensor in
      tensor = values[position]
      position += 1
    }
  }

  /// Parameters and buffers by path, in visiting order.
  var fields: ParameterValues {
    var fields = ParameterValues()
    var copy = self
    copy.forEachField { _, path, tensor in fields.append(path, tensor) }
    return fields
  }

  private static func check(_ file: SafeTensorsFile, fits fields: ParameterValues) throws(FileError) {
    let missing = fields.paths.filter { !file.contains($0) }
    let unknown = file.entries.map(\.name).filter { !fields.contains($0) }
    var misshaped: [String] = []
    for (path, tensor) in zip(fields.paths, fields.tensors) {
      if let entry = file.entry(path), entry.shape != tensor.shape {
        misshaped.append("\(path) (\(entry.shape) in the file, \(tensor.shape) in the model)")
      }
    }
    var problems: [String] = []
    if !missing.isEmpty { problems.append("lacks \(shortList(missing))") }
    if !unknown.isEmpty { problems.append("has unknown \(shortList(unknown))") }
    if !misshaped.isEmpty { problems.append("has other shapes for \(shortList(misshaped))") }
    guard !problems.isEmpty else { return }
    let hint = missing.prefix(3).lazy.compactMap { name in
      nearest(to: name, among: unknown).map { "\(name): \($0)" }
    }.first
    throw FileError(
      file.path, "does not fit the model: it \(problems.joined(separator: ", and it "))",
      hint: hint ?? "was it written for another configuration?")
  }
}

/// The first three names, and how many more there are.
private func shortList(_ names: [String]) -> String {
  let shown = names.prefix(3).joined(separator: ", ")
  return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
}

/// A question that suggests the most similar name, unless none is similar.
func nearest(to name: String, among names: [String]) -> String? {
  let limit = max(2, name.count / 3)
  let best = names.map { (distance: editDistance(name, $0), name: $0) }.min {
    $0.distance < $1.distance
  }
  return best.flatMap { $0.distance <= limit ? "did you mean \($0.name)?" : nil }
}

/// Insertions, deletions and replacements that turn one text into another (Levenshtein).
private func editDistance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a.utf8), Array(b.utf8))
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
    }
  }
  return row[b.count]
}
