import SwiftDL
import SwiftDLModels

/// The two losses of joint detection and separation.
enum JointLoss {
  /// The squared error of the estimated magnitudes of voice and music, as logarithms of one plus them: the mean over time,
  /// frequency and sources. The voice's mask and its complement, times the mixture's magnitudes.
  static func separation(_ model: VoiceSeparator, _ batch: SingingBatch) -> Tensor {
    let mixture = model.magnitudes(batch.mixture)
    let mask = model.logits(ofMagnitudes: mixture).mask.sigmoid()
    let middle = model.inner(mixture)
    let voice = meanSquaredError((mask * middle).log1p(), model.magnitudes(batch.voice).log1p())
    let music = meanSquaredError(((1 - mask) * middle).log1p(), model.magnitudes(batch.accompaniment).log1p())
    return (voice + music) * 0.5
  }

  /// The cross-entropy of singing: the mean over frames.
  static func detection(_ model: VoiceSeparator, _ batch: LabelledBatch) -> Tensor {
    binaryCrossEntropyWithLogits(model.logits(ofMagnitudes: model.magnitudes(batch.mixture)).singing, batch.singing)
  }
}
