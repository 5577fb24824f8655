import SwiftDL

/// The progress of a training: a bar for every epoch, and one for the work between them.
struct EpochBar {
  private let style: ProgressMeter.Style
  private let unit: String
  /// What is said once, above the first bar.
  private var heading: String?
  private var bar: ProgressMeter?
  private var label = ""

  init(style: ProgressMeter.Style, unit: String = "steps", heading: String? = nil) {
    self.style = style
    self.unit = unit
    self.heading = heading
  }

  /// An epoch has done this many of its steps. A label that is new begins a bar, at the step before.
  mutating func update(_ label: String, _ done: Int, of total: Int, fields: JSONObject) {
    begin(label, done, of: total, unit: unit)
    if let heading { bar?.note(heading) }
    heading = nil
    bar?.update(done, fields: fields)
  }

  /// Work between steps, such as a validation, has done this many of its parts. The epoch then goes on in a new bar.
  mutating func update(between label: String, _ done: Int, of total: Int, unit: String) {
    begin(label, done, of: total, unit: unit)
    bar?.update(done)
  }

  private mutating func begin(_ label: String, _ done: Int, of total: Int, unit: String) {
    guard bar == nil || label != self.label else { return }
    finish()
    self.label = label
    bar = ProgressMeter(total: total, label: label, start: done - 1, unit: unit, style: style)
  }

  /// The last line of the bar that is there.
  func finish() { bar?.finish() }
}
