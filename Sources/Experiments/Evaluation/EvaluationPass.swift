/// A set of sources that are scored together: which are asked for matters, since interference is
/// what *the other sources* explain.
struct EvaluationPass: Equatable {
  /// What the references of the sources are made of.
  let groups: [SourceGroup]
  /// The sources whose scores are kept.
  let kept: [String]

  /// The passes for a track, given its reference stems and the names of its estimates.
  ///
  /// As museval does it: the stems that have an estimate are scored together; where there are
  /// estimates of `vocals` and of `accompaniment` (the sum of all other stems), these two are
  /// scored on their own, and that score of the vocals is the one kept.
  static func passes(stems: [String], estimates: [String]) -> [EvaluationPass] {
    let direct = stems.filter(estimates.contains)
    let accompaniment = "accompaniment"
    let hasAccompaniment =
      estimates.contains(accompaniment) && direct.contains("vocals")
      && !stems.contains(accompaniment)
      && stems.count > 1
    var passes: [EvaluationPass] = []
    let kept = direct.filter { !(hasAccompaniment && $0 == "vocals") }
    if !kept.isEmpty {
      passes.append(EvaluationPass(groups: direct.map { SourceGroup(stem: $0) }, kept: kept))
    }
    if hasAccompaniment {
      let rest = SourceGroup(accompaniment, stems: stems.filter { $0 != "vocals" })
      passes.append(
        EvaluationPass(
          groups: [SourceGroup(stem: "vocals"), rest], kept: ["vocals", accompaniment]))
    }
    return passes
  }
}
