import Glibc
public import SwiftDL
import SwiftDLAudio

/// Decoded audio at a model's rate and channel count, in files that can be mapped: random access
/// costs nothing.
///
/// An entry is raw float32 (little endian, interleaved), so that stems stay exact and their sum
/// stays the mixture; it takes 4 bytes a sample: 10.6 MB a minute at 22,050 Hz stereo. Its name is
/// a hash of (path, rate, channels); the size and modification time of the source are inside, and
/// an entry that no longer matches its source is made again. Entries appear whole or not at all, so
/// several runs may share a folder.
public struct PCMCache: Sendable {
  public let folder: String

  /// Creates the folder if it is missing.
  public init(folder: String) throws(FileError) {
    try Folders.create(folder)
    self.folder = folder
  }

  /// The samples of an audio file at a rate and channel count, decoded now if they are not there
  /// yet.
  ///
  /// Channels change as `AudioBuffer.mixed(toChannels:)` says: one is the mean of all, or copied to
  /// all. Memory: a few blocks of 65,536 frames.
  /// - Throws: `FileError` for an unreadable file, and samples that are not finite.
  public func samples(of path: String, sampleRate: Int, channels: Int) throws(FileError)
    -> MappedSamples
  { try samples(of: Recording(path), sampleRate: sampleRate, channels: channels) }

  /// The same of a recording, which may be one channel of a file.
  public func samples(of recording: Recording, sampleRate: Int, channels: Int) throws(FileError)
    -> MappedSamples
  {
    let path = recording.path
    let source = try Source(recording)
    let key = CounterHash(0, text: source.name).with(UInt64(sampleRate)).with(UInt64(channels))
    let digits = String(key.value, radix: 16)
    let entry = "\(folder)/\(String(repeating: "0", count: 16 - digits.count))\(digits).f32"
    if let samples = try Self.opened(entry, source, sampleRate, channels) { return samples }
    try Self.decode(source, to: entry, sampleRate, channels)
    guard let samples = try Self.opened(entry, source, sampleRate, channels) else {
      throw FileError(
        path, "changed while it was being decoded",
        hint: "run again when nothing writes to the data set")
    }
    return samples
  }

  /// What an entry remembers of its source.
  private struct Source {
    let recording: Recording
    /// The file without links on the way, and the channel.
    let name: String
    let size: UInt64
    let seconds: UInt64
    let nanoseconds: UInt64

    init(_ recording: Recording) throws(FileError) {
      let path = recording.path
      var status = stat()
      guard let resolved = realpath(path, nil), stat(path, &status) == 0 else {
        throw FileError(path, "cannot be read: \(String(cString: strerror(errno)).lowercased())")
      }
      defer { free(resolved) }
      self.recording = recording
      name = String(cString: resolved) + (recording.channel.map { "#\($0)" } ?? "")
      size = UInt64(status.st_size)
      seconds = UInt64(bitPattern: Int64(status.st_mtim.tv_sec))
      nanoseconds = UInt64(bitPattern: Int64(status.st_mtim.tv_nsec))
    }
  }

  private static let magic: UInt64 = 0x3130_4D43_504C_4453  // "SDLPCM01"

  /// The last words of an entry. They stand behind the samples because the number of frames is
  /// known last, and so that the samples begin on a page.
  private static func trailer(_ source: Source, _ rate: Int, _ channels: Int, frames: Int)
    -> [UInt64]
  {
    [
      CounterHash(1, text: source.name).value, source.size, source.seconds, source.nanoseconds,
      UInt64(rate),
      UInt64(channels), UInt64(frames), magic,
    ]
  }

  /// The entry mapped, or nil if it is missing or belongs to another state of the source.
  private static func opened(
    _ entry: String, _ source: Source, _ rate: Int, _ channels: Int
  ) throws(FileError) -> MappedSamples? {
    let descriptor = open(entry, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    var words = [UInt64](repeating: 0, count: 8)
    let length = words.count * 8
    guard fstat(descriptor, &status) == 0, Int(status.st_size) >= length else { return nil }
    let bytes = Int(status.st_size) - length
    let got = words.withUnsafeMutableBytes {
      pread(descriptor, $0.baseAddress, length, off_t(bytes))
    }
    let frames = bytes / (4 * channels)
    guard got == length, frames * 4 * channels == bytes,
      words == trailer(source, rate, channels, frames: frames)
    else { return nil }
    return try MappedSamples(descriptor, frames: frames, channels: channels, path: entry)
  }

  private static func decode(
    _ source: Source, to entry: String, _ rate: Int, _ channels: Int
  ) throws(FileError) {
    let reader = try source.recording.open()
    let file = try AtomicFile(entry)
    let resampler = StreamResampler(from: reader.info.sampleRate, to: rate, channels: channels)
    var written = 0
    func write(_ samples: [Float]) throws(FileError) {
      written += samples.count
      let result: Result<Void, FileError> = samples.withUnsafeBytes { bytes in
        do throws(FileError) { return .success(try file.write(bytes)) } catch {
          return .failure(error)
        }
      }
      try result.get()
    }
    while true {
      // The reader refuses samples that are not finite, with the file and the frame.
      let block = try reader.read(maxFrames: 65_536)
      try write(resampler.process(block.mixed(toChannels: channels).samples, isLast: block.isEmpty))
      if block.isEmpty { break }
    }
    let end = trailer(source, rate, channels, frames: written / channels)
    let result: Result<Void, FileError> = end.withUnsafeBytes { bytes in
      do throws(FileError) { return .success(try file.write(bytes)) } catch {
        return .failure(error)
      }
    }
    try result.get()
    try file.commit()
  }
}
