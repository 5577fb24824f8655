import SwiftDL

/// The page of one kind of run.
protocol RunReport {
  /// Whether a run is of this kind.
  static func knows(_ record: RunRecord) -> Bool

  init(run: String)

  /// Writes `report.html` into the run's folder.
  func write() throws
}

/// The page of a run of any kind.
public enum RunReports {
  /// Every kind there is. A run is of one of them.
  private static var kinds: [any RunReport.Type] {
    [
      SeparationReport.self, SequenceReport.self, FactorGANReport.self, AdversarialReport.self, JointReport.self,
      MetaReport.self,
    ]
  }

  /// The kind of a run.
  static func kind(of record: RunRecord) throws(FileError) -> any RunReport.Type {
    if let kind = kinds.first(where: { $0.knows(record) }) { return kind }
    throw FileError(record.path, "is a run of a kind that this program does not know")
  }

  /// Writes `report.html` into a run's folder.
  ///
  /// - Parameters:
  ///   - references: true stems of held-out tracks, with which a separation's page shows scores too.
  ///   - estimates: separated ones, to be heard.
  ///   - progress: told what has been scored.
  public static func write(
    run: String, references: String? = nil, estimates: String? = nil, progress: (String) -> Void = { _ in }
  ) throws {
    let kind = try kind(of: try RunRecord(run))
    guard let references else { return try kind.init(run: run).write() }
    guard kind == SeparationReport.self else {
      throw FileError(run, "is no run of a separation", hint: "leave --references out")
    }
    try SeparationReport(run: run, references: references, estimates: estimates).write(progress: progress)
  }
}
