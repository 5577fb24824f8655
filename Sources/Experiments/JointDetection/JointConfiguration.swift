public import SwiftDLModels

/// Which losses train the network.
public enum JointObjective: String, Codable, Sendable, CaseIterable {
  /// Both, as a weighted sum.
  case joint
  /// The separation's alone, on the separation set.
  case separation
  /// The detection's alone, on the detection set.
  case detection
}

/// The settings of a run that learns to find and separate singing. The defaults are the paper's where it tells them (Stoller,
/// Ewert, Dixon, LVA/ICA 2018); optimiser, rate and batch size it does not tell.
public struct JointConfiguration: RunConfiguration {
  /// `detect-separate`; tells a run of this kind from others.
  public var task = DetectSeparate.architecture
  public var objective = JointObjective.joint
  public var model = DetectSeparateConfiguration()
  public var data = JointDataSettings()
  /// Of both batches.
  public var batchSize = 16
  /// α of α · separation loss + (1 − α) · detection loss.
  public var separationWeight: Float = 0.9
  public var optimizer = JointOptimizerSettings()
  public var seed = 1337
  public var stepsPerEvaluation = 1000
  /// Evaluations without a better figure of the objective's before training ends.
  public var patience = 10
  /// Steps after which training ends in any case; 0 sets no bound.
  public var maximumSteps = 0
  /// Windows of each set per evaluation, spread over the recordings; 0 takes all.
  public var validationWindows = 0
  /// Minutes between checkpoints between evaluations.
  public var checkpointMinutes = 10.0

  public init() {}

  public func validate() throws(ConfigurationError) {
    if task != DetectSeparate.architecture {
      throw ConfigurationError("task", "is \(task), where \(DetectSeparate.architecture) is trained")
    }
    if let problem = model.problem { throw ConfigurationError("model", problem) }
    for (key, value, limit) in [
      ("batchSize", batchSize, 4096), ("stepsPerEvaluation", stepsPerEvaluation, 1 << 30), ("patience", patience, 1 << 30),
    ] where value < 1 || value > limit { throw ConfigurationError(key, "is \(value); 1 to \(limit) are possible") }
    for (key, value) in [
      ("seed", seed), ("maximumSteps", maximumSteps), ("validationWindows", validationWindows),
      ("data.validationTracks", data.validationTracks),
    ] where value < 0 { throw ConfigurationError(key, "is \(value); 0 or more is needed") }
    if !(separationWeight > 0 && separationWeight < 1) {
      throw ConfigurationError(
        "separationWeight", "is \(separationWeight); more than 0 and less than 1 is needed",
        hint: "objective=separation and objective=detection train one task alone")
    }
    if !(optimizer.rate > 0 && optimizer.rate < 10) {
      throw ConfigurationError("optimizer.rate", "is \(optimizer.rate); a positive number below 10 is needed")
    }
    if !(optimizer.lowestRate >= 0 && optimizer.lowestRate <= optimizer.rate) {
      throw ConfigurationError("optimizer.lowestRate", "is \(optimizer.lowestRate); 0 to optimizer.rate is possible")
    }
    if optimizer.lowestRate > 0 && maximumSteps == 0 {
      throw ConfigurationError("optimizer.lowestRate", "is where the rate falls to until maximumSteps, which is not set")
    }
    let gain = data.gain
    guard gain.count == 2, gain[0] >= 0, gain[1] >= gain[0], gain[1] <= 100 else {
      throw ConfigurationError("data.gain", "is \(gain); two numbers, low and high, are needed")
    }
    if !(checkpointMinutes > 0) {
      throw ConfigurationError("checkpointMinutes", "is \(checkpointMinutes); more than 0 is needed")
    }
  }

  public static var comments: [String: String] {
    [
      "objective": "joint; separation or detection: that loss alone",
      "data.separation": "songs with a stem “vocals”: train|valid|test/TRACK/STEM.wav, or a list in YAML",
      "data.detection": "recordings with labels beside them: train|valid|test/…/SONG.wav and SONG.lab, .txt or .csv",
      "data.cache": "where decoded audio is kept; inside the run's folder when empty",
      "data.remix": "voice and music of one mixture come from different songs",
      "optimizer.lowestRate": "where the rate falls to, by half a cosine, until maximumSteps; 0: it stays",
      "stepsPerEvaluation": "steps between looks at the validation parts",
      "patience": "evaluations without improvement before training ends",
      "maximumSteps": "0: no bound",
      "validationWindows": "0: all of them",
    ]
  }
}

/// What is trained on.
public struct JointDataSettings: RunConfiguration {
  public var separation = ""
  public var detection = ""
  public var cache = ""
  /// Songs and recordings taken from train for validation where a set has no part of its own.
  public var validationTracks = 5
  public var remix = false
  /// Voice and music, and whole recordings, are scaled by factors drawn from this range.
  public var gain = [0.7, 1.0]
  public init() {}
}

/// Adam's rate.
public struct JointOptimizerSettings: RunConfiguration {
  public var rate: Float = 1e-4
  public var lowestRate: Float = 0
  public init() {}
}
