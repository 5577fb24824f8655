/// The parts of a data set: learnt from, chosen by, and looked at once.
public enum Split: String, CaseIterable, Sendable {
  case train
  case validation
  case test

  /// The folders that hold this part, in the order they are looked for.
  var folderNames: [String] {
    switch self {
    case .train: ["train"]
    case .validation: ["valid", "validation"]
    case .test: ["test"]
    }
  }
}
