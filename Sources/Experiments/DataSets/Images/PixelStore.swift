import Glibc
import SwiftDL
import SwiftDLAudio

/// Samples of pixels `[count, height, width, channels]`, bytes in a mapped file: the system reads the pages touched and may
/// drop them again, so that a data set of any size takes address space, not memory.
final class PixelStore: Sendable {
  let count: Int
  /// Of a sample.
  let height: Int
  let width: Int
  let channels: Int
  // Read-only for as long as the object lives: sharing it is safe.
  private nonisolated(unsafe) let base: UnsafeRawPointer

  private var sampleBytes: Int { height * width * channels }

  /// Opens a file of samples, making it first where it is missing.
  ///
  /// - Parameters:
  ///   - folder: where such files are kept. A file appears whole or not at all, under a name made of `key` and shape.
  ///   - key: names what is in it: the sources with their sizes and times.
  ///   - sample: the bytes of a sample; several are made at the same time.
  ///   - progress: told samples done; returning false stops, and nothing is kept.
  /// - Returns: nil when stopped.
  static func open(
    in folder: String, key: String, count: Int, height: Int, width: Int, channels: Int,
    progress: (Int) -> Bool, sample: @Sendable (Int) throws(FileError) -> [UInt8]
  ) throws(FileError) -> PixelStore? {
    try Folders.create(folder)
    let hash = CounterHash(0, text: "\(key) \(count) \(height) \(width) \(channels)").value
    let path = "\(folder)/pixels-\(String(hash, radix: 16)).u8"
    let length = count * height * width * channels
    var status = stat()
    if stat(path, &status) != 0 || Int(status.st_size) != length {
      let file = try AtomicFile(path)
      let run = 64
      for start in stride(from: 0, to: count, by: run) {
        guard progress(start) else { return nil }
        for part in try parts(start..<min(start + run, count), sample) {
          require(part.count == height * width * channels, "PixelStore: a sample of \(part.count) bytes")
          let written: Result<Void, FileError> = part.withUnsafeBytes { raw in
            do throws(FileError) { return .success(try file.write(raw)) } catch { return .failure(error) }
          }
          try written.get()
        }
      }
      try file.commit()
    }
    return try PixelStore(path, count: count, height: height, width: width, channels: channels)
  }

  /// Samples that are made side by side.
  private static func parts(
    _ indices: Range<Int>, _ sample: @Sendable (Int) throws(FileError) -> [UInt8]
  ) throws(FileError) -> [[UInt8]] {
    var results = [Result<[UInt8], FileError>](repeating: .success([]), count: indices.count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      concurrently(results.count) { index in
        do throws(FileError) { results[index] = .success(try sample(indices.lowerBound + index)) } catch {
          results[index] = .failure(error)
        }
      }
    }
    var parts: [[UInt8]] = []
    for result in results { parts.append(try result.get()) }
    return parts
  }

  private init(_ path: String, count: Int, height: Int, width: Int, channels: Int) throws(FileError) {
    (self.count, self.height, self.width, self.channels) = (count, height, width, channels)
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    guard descriptor >= 0,
      let mapped = mmap(nil, count * height * width * channels, PROT_READ, MAP_SHARED, descriptor, 0),
      mapped != MAP_FAILED
    else { throw FileError(path, "cannot be mapped: \(String(cString: strerror(errno)).lowercased())") }
    base = UnsafeRawPointer(mapped)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: base), count * sampleBytes) }

  /// Some channels of some samples, in 0 … 1: `[indices.count, height, width, channels.count]`.
  func tensor(_ indices: some Collection<Int>, channels wanted: Range<Int>? = nil) -> Tensor {
    let wanted = wanted ?? 0..<channels
    let pixels = height * width
    return Tensor(unsafe: [indices.count, height, width, wanted.count]) { buffer in
      var place = 0
      for index in indices {
        let sample = base.assumingMemoryBound(to: UInt8.self) + index * sampleBytes
        for pixel in 0..<pixels {
          for channel in wanted {
            buffer[place] = Float(sample[pixel * channels + channel]) / 255
            place += 1
          }
        }
      }
    }
  }
}
