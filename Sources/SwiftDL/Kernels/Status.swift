internal import CKernels

/// Stops the program when a kernel refuses its arguments.
///
/// The kernels check every size and every pointer before they write. Shapes are checked above, where the message can
/// name them, so what arrives here is memory that ran out, or a mistake of this library.
@inline(__always)
func require(_ status: ck_status, file: StaticString = #fileID, line: UInt = #line) {
  if status == .ok { return }
  fatalError("a kernel refused: \(String(cString: ck_status_message(status)))", file: file, line: line)
}
