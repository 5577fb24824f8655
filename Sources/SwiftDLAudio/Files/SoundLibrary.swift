import CSndFile
import Glibc
import SwiftDL
import Synchronization

/// libsndfile, with errors in the caller's words.
enum SoundLibrary {
  static let unknownFormat = "not an audio file this program can read"
  static let damagedHint = "the file is damaged or cut short: export or download it again"

  /// Opening fills static error buffers in the library: one at a time keeps each message its own.
  private static let opening = Mutex(())

  /// An open file with its description and tags; the caller closes it.
  static func openForReading(_ path: String) throws(FileError) -> (OpaquePointer, AudioInfo, AudioTags) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw systemError(path, "cannot be opened") }
    defer { close(descriptor) }

    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw systemError(path, "cannot be opened") }
    if (status.st_mode & S_IFMT) == S_IFDIR {
      throw FileError(path, "is a folder, not a sound file", hint: "name a file inside it")
    }
    if (status.st_mode & S_IFMT) != S_IFREG {
      throw FileError(path, "is not a regular file", hint: "store the sound in a file first")
    }
    if status.st_size == 0 { throw FileError(path, "is empty: 0 bytes", hint: damagedHint) }
    try RIFFHeader.checkComplete(descriptor, path: path, fileSize: Int(status.st_size))

    var about = SF_INFO()
    let result: Result<OpaquePointer, FileError> = opening.withLock { _ in
      // The library closes its copy of the descriptor with the file.
      let own = dup(descriptor)
      if own < 0 { return .failure(systemError(path, "cannot be opened")) }
      guard let file = sf_open_fd(own, Int32(SFM_READ), &about, Int32(SF_TRUE)) else {
        return .failure(openError(path))
      }
      return .success(file)
    }
    let file = try result.get()
    do throws(FileError) {
      let info = try description(of: about, path: path)
      var tags = AudioTags(of: file)
      if tags[.trackNumber] == nil { tags[.trackNumber] = RIFFHeader.part(descriptor) }
      return (file, info, tags)
    } catch {
      sf_close(file)
      throw error
    }
  }

  /// An open file for writing at a path; the caller closes it.
  static func openForWriting(
    _ path: String, shownAs shownPath: String, channels: Int, sampleRate: Int, format: Int
  ) throws(FileError) -> OpaquePointer {
    var about = SF_INFO()
    about.channels = Int32(clamping: channels)
    about.samplerate = Int32(clamping: sampleRate)
    about.format = Int32(format)
    let result: Result<OpaquePointer, FileError> = opening.withLock { _ in
      errno = 0
      guard let file = sf_open(path, Int32(SFM_WRITE), &about) else {
        return .failure(
          diskError(shownPath)
            ?? formatError(shownPath, channels: channels, sampleRate: sampleRate))
      }
      return .success(file)
    }
    return try result.get()
  }

  /// The system's last complaint, if it is one about the disk; the library tells it in riddles.
  static func diskError(_ path: String) -> FileError? {
    guard [ENOSPC, EDQUOT, EFBIG, EIO].contains(errno) else { return nil }
    return FileError(
      path, "cannot be written: \(String(cString: strerror(errno)).lowercased())",
      hint: "make sure that there is space on the disk and try again")
  }

  static func formatError(_ path: String, channels: Int, sampleRate: Int) -> FileError {
    FileError(
      path, "this format cannot hold \(channels) channels at \(sampleRate) Hz",
      hint: "WAV holds anything")
  }

  /// The library's last complaint about an open file.
  static func reason(_ file: OpaquePointer?) -> String {
    var text = String(cString: sf_strerror(file)).lowercased()
    while let last = text.last, last == "." || last == " " { text.removeLast() }
    return text
  }

  /// The system's last complaint.
  static func systemError(_ path: String, _ what: String) -> FileError {
    let hint: String? =
      switch errno {
      case ENOENT, ENOTDIR: "check the name"
      case EACCES, EPERM: "ask for permission to read it"
      case EMFILE, ENFILE: "too many files are open"
      default: nil
      }
    let reason = String(cString: strerror(errno)).lowercased()
    return FileError(path, "\(what): \(reason)", hint: hint)
  }

  private static func openError(_ path: String) -> FileError {
    switch Int(sf_error(nil)) {
    case Int(SF_ERR_UNRECOGNISED_FORMAT), Int(SF_ERR_UNSUPPORTED_ENCODING):
      FileError(
        path, unknownFormat, hint: "WAV, FLAC, Ogg and MP3 work, and much else where the program ffmpeg is installed")
    default:
      FileError(path, "cannot be read as sound: \(reason(nil))", hint: damagedHint)
    }
  }

  /// The longest sound we believe in, in samples of all channels: 2^46 floats are 256 TiB.
  private static let mostSamples = 1 << 46

  private static func description(
    of about: SF_INFO, path: String
  ) throws(FileError) -> AudioInfo {
    let channels = Int(about.channels)
    let sampleRate = Int(about.samplerate)
    let frames = Int(about.frames)
    guard (1...1024).contains(channels) else {
      throw FileError(path, "says it has \(channels) channels; 1 to 1024 work", hint: damagedHint)
    }
    guard sampleRate >= 1 else {
      throw FileError(path, "says its sample rate is \(sampleRate) Hz", hint: damagedHint)
    }
    guard frames >= 0, frames <= mostSamples / channels else {
      throw FileError(path, "says it holds \(frames) frames", hint: damagedHint)
    }
    let (format, bitDepth) = name(of: Int(about.format))
    return AudioInfo(
      frames: frames, channels: channels, sampleRate: sampleRate, format: format, bitDepth: bitDepth
    )
  }

  /// "WAV PCM 16 bit" and its bits, from the library's format word.
  private static func name(of format: Int) -> (String, Int?) {
    let container =
      switch format & Int(SF_FORMAT_TYPEMASK) {
      case Int(SF_FORMAT_WAV), Int(SF_FORMAT_WAVEX): "WAV"
      case Int(SF_FORMAT_RF64): "RF64"
      case Int(SF_FORMAT_W64): "W64"
      case Int(SF_FORMAT_AIFF): "AIFF"
      case Int(SF_FORMAT_AU): "AU"
      case Int(SF_FORMAT_CAF): "CAF"
      case Int(SF_FORMAT_FLAC): "FLAC"
      case Int(SF_FORMAT_OGG): "Ogg"
      case Int(SF_FORMAT_MPEG): "MP3"
      default: libraryName(of: format & Int(SF_FORMAT_TYPEMASK))
      }
    switch format & Int(SF_FORMAT_SUBMASK) {
    case Int(SF_FORMAT_PCM_S8), Int(SF_FORMAT_PCM_U8): return ("\(container) PCM 8 bit", 8)
    case Int(SF_FORMAT_PCM_16): return ("\(container) PCM 16 bit", 16)
    case Int(SF_FORMAT_PCM_24): return ("\(container) PCM 24 bit", 24)
    case Int(SF_FORMAT_PCM_32): return ("\(container) PCM 32 bit", 32)
    case Int(SF_FORMAT_FLOAT): return ("\(container) float 32 bit", 32)
    case Int(SF_FORMAT_DOUBLE): return ("\(container) float 64 bit", 64)
    case Int(SF_FORMAT_VORBIS): return ("\(container) Vorbis", nil)
    case Int(SF_FORMAT_OPUS): return ("\(container) Opus", nil)
    case Int(SF_FORMAT_MPEG_LAYER_III): return (container, nil)
    case let other: return ("\(container) \(libraryName(of: other))", nil)
    }
  }

  private static func libraryName(of format: Int) -> String {
    var about = SF_FORMAT_INFO()
    about.format = Int32(format)
    let size = Int32(MemoryLayout<SF_FORMAT_INFO>.size)
    guard sf_command(nil, Int32(SFC_GET_FORMAT_INFO), &about, size) == 0,
      let name = about.name
    else { return "sound" }
    return String(cString: name)
  }
}

extension FileError {
  /// Whether a file could not be read for its format alone: another program may.
  package var isUnknownSoundFormat: Bool { problem == SoundLibrary.unknownFormat }
}
