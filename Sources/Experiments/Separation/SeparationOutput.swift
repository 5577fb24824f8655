public import SwiftDLAudio

/// What is written of separated files, and where.
public struct SeparationOutput: Sendable {
  /// What happens to results that are there already.
  public enum Existing: String, Sendable, CaseIterable {
    case overwrite
    /// A track all of whose files are there is left alone.
    case skip
    /// A file that is there is an error.
    case fail
  }

  public var folder = "separated"
  /// The name of the model's folder in it.
  public var modelName: String
  public var stems = StemSelection()
  public var filename = FilenameTemplate.usual
  /// Files lie beside their input instead, `FILE_STEM.wav`, as Wave-U-Net's own program leaves them.
  public var besideInput = false
  public var format = AudioFormat.wav(.float32)
  /// All stems are in one file instead, `TRACK.stem.mp4`, with the mixture: see `StemContainerWriter`. The format is that
  /// file's own.
  public var inContainer = false
  /// 1 or 2 channels; absent: those of the input, and 2 of a container.
  public var channels: Int?
  /// Frames per second of the files; absent: those of their input, and exactly its length.
  public var sampleRate: Int?
  /// Absent: nothing for floating point, one gain for all stems of a track otherwise.
  public var clipMode: ClipMode?
  public var existing = Existing.overwrite
  /// The part of every file that is separated, as if the rest were not there.
  public var excerpt = SoundExcerpt()
  /// The least frames separated at a time, at the network's rate: memory grows with it.
  public var tileFrames = 1 << 17
  /// The share of a window that the next one repeats, of networks whose windows do not join exactly.
  public var overlap = 0.25
  /// How often a track is separated, each time a little later; 0 once as it is.
  public var shifts = 0
  /// Whether the other polarity and the other order of two channels are separated too, and all averaged.
  public var augmented = false
  public var seed: UInt64 = 0
  public var programVersion = ""
  /// How it is told when there is singing, in files `activity` beside the stems; of networks that find that too.
  public var activity: ActivityOutput?

  public init(modelName: String) { self.modelName = modelName }

  /// The path of the file that holds all stems.
  func containerPlace(_ input: SoundInput, trackName: String?) -> String {
    let pathExtension = StemContainerWriter.pathExtension
    if besideInput { return "\(input.path).\(pathExtension)" }
    let track = FilenameTemplate.Track(input, name: trackName)
    return place(input, trackName: trackName, stem: track.name, pathExtension: pathExtension)
  }

  /// The path of a file of a track.
  func place(_ input: SoundInput, trackName: String?, stem: String, pathExtension: String) -> String {
    if besideInput { return "\(input.path)_\(stem).\(pathExtension)" }
    let track = FilenameTemplate.Track(input, name: trackName)
    return "\(folder)/\(modelName)/\(filename.name(track, stem: stem, pathExtension: pathExtension, model: modelName))"
  }
}
