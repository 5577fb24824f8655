/// What museval takes for silence: the sum over channels is zero in every frame.
///
/// So is a sound whose two channels are each other's negatives; we follow.
func isSilent(_ planes: [UnsafeMutablePointer<Double>], frames: Int) -> Bool {
  for frame in 0..<frames {
    var sum = 0.0
    for plane in planes { sum += plane[frame] }
    if sum != 0 { return false }
  }
  return true
}
