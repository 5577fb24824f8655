import CSndFile
import Glibc

extension AudioTags.Field {
  /// libsndfile's number of the field.
  fileprivate var libraryNumber: Int32 {
    switch self {
    case .title: Int32(SF_STR_TITLE)
    case .artist: Int32(SF_STR_ARTIST)
    case .album: Int32(SF_STR_ALBUM)
    case .trackNumber: Int32(SF_STR_TRACKNUMBER)
    case .date: Int32(SF_STR_DATE)
    case .genre: Int32(SF_STR_GENRE)
    case .copyright: Int32(SF_STR_COPYRIGHT)
    case .comment: Int32(SF_STR_COMMENT)
    }
  }

  /// The name of the field's chunk in a WAV file's INFO list, as libsndfile and ffmpeg read it.
  fileprivate var chunkName: String {
    switch self {
    case .title: "INAM"
    case .artist: "IART"
    case .album: "IPRD"
    case .trackNumber: "ITRK"
    case .date: "ICRD"
    case .genre: "IGNR"
    case .copyright: "ICOP"
    case .comment: "ICMT"
    }
  }
}

extension AudioTags {
  /// Those of an open file.
  init(of file: OpaquePointer) {
    self.init()
    for field in Field.allCases {
      guard let text = sf_get_string(file, field.libraryNumber) else { continue }
      // Old programs write Latin-1, whose bytes are the first 256 characters of Unicode.
      self[field] =
        String(validatingCString: text)
        ?? String(
          String.UnicodeScalarView(
            UnsafeBufferPointer(start: text, count: strlen(text)).map { Unicode.Scalar(UInt8(bitPattern: $0)) }))
    }
  }

  /// Gives them to a file open for writing, before its sound; fields that its format does not know are left out.
  func write(to file: OpaquePointer) {
    for field in Field.allCases {
      if let text = self[field] { sf_set_string(file, field.libraryNumber, text) }
    }
  }

  /// The LIST chunk of a WAV file; nothing without tags.
  var listChunk: [UInt8] {
    if isEmpty { return [] }
    var list = Array("INFO".utf8)
    for field in Field.allCases {
      guard let text = self[field] else { continue }
      let bytes = Array(text.utf8) + [0]
      list += Array(field.chunkName.utf8) + Self.word(bytes.count) + bytes
      if bytes.count % 2 == 1 { list.append(0) }
    }
    return Array("LIST".utf8) + Self.word(list.count) + list
  }

  private static func word(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
}
