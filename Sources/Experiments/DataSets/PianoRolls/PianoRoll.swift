public import SwiftDL

/// The 88 keys of a piano, sounding or not, frame by frame.
public struct PianoRoll: Sendable, Equatable {
  /// Keys of a piano, from A0 (MIDI note 21) to C8 (108).
  public static let keys = 88
  /// The MIDI note of the first key.
  public static let lowestNote = 21

  public let frames: Int
  /// `[frames, 88]`, true where a key sounds.
  public var isSounding: [Bool]

  public init(frames: Int) {
    self.frames = frames
    isSounding = Array(repeating: false, count: frames * Self.keys)
  }

  public subscript(frame: Int, key: Int) -> Bool {
    get { isSounding[frame * Self.keys + key] }
    set { isSounding[frame * Self.keys + key] = newValue }
  }

  /// `[1, range.count, 88]`, 1 where a key sounds.
  public func tensor(_ range: Range<Int>) -> Tensor {
    let first = range.lowerBound * Self.keys
    return Tensor(unsafe: [1, range.count, Self.keys]) { numbers in
      for index in 0..<numbers.count { numbers[index] = isSounding[first + index] ? 1 : 0 }
    }
  }
}

/// Pieces as piano rolls, in three parts.
public struct PianoRollCorpus: Sendable {
  public let train: [PianoRoll]
  public let valid: [PianoRoll]
  public let test: [PianoRoll]

  /// Reads a `.mat` file, or a folder of MIDI files with so many frames to a quarter note.
  public init(_ path: String, framesPerQuarter: Double) throws(FileError) {
    guard Folders.isDirectory(path) else {
      try self.init(matFile: path)
      return
    }
    let files = try HeldOutFiles.parts(of: path, "MIDI files") { folder throws(FileError) in
      try Folders.names(in: folder).filter {
        $0.lowercased().hasSuffix(".mid") || $0.lowercased().hasSuffix(".midi")
      }.map { "\(folder)/\($0)" }
    }
    func rolls(_ files: [String]) throws(FileError) -> [PianoRoll] {
      try files.map { file throws(FileError) in
        try PianoRoll(MIDIFile.read(file), framesPerQuarter: framesPerQuarter, path: file)
      }
    }
    try self.init(train: rolls(files.train), valid: rolls(files.valid), test: rolls(files.test), path: path)
  }

  /// Reads the variables `traindata`, `validdata` and `testdata` of a MATLAB file, cells of matrices
  /// `[frames, 88]`: the layout in which JSB Chorales, Nottingham, MuseData and Piano-midi.de go round
  /// (Boulanger-Lewandowski, Bengio, Vincent, ICML 2012).
  public init(matFile path: String) throws(FileError) {
    let file = try MATFile(path)
    func part(_ name: String) throws(FileError) -> [PianoRoll] {
      guard case .cells(let cells)? = file[name] else {
        let found = file.variables.map(\.name).joined(separator: ", ")
        throw FileError(
          path, "has no cells called \(name)\(found.isEmpty ? "" : ", only \(found)")",
          hint: "traindata, validdata and testdata, cells of [frames, 88], are expected")
      }
      var rolls: [PianoRoll] = []
      for (index, cell) in cells.enumerated() {
        guard case .matrix(let matrix) = cell, matrix.columns == PianoRoll.keys else {
          throw FileError(path, "\(name){\(index + 1)} is no matrix with 88 columns")
        }
        var roll = PianoRoll(frames: matrix.rows)
        for frame in 0..<matrix.rows {
          for key in 0..<PianoRoll.keys {
            let value = matrix[frame, key]
            guard value == 0 || value == 1 else {
              throw FileError(path, "\(name){\(index + 1)} holds \(value), where 0 or 1 is expected")
            }
            roll[frame, key] = value == 1
          }
        }
        rolls.append(roll)
      }
      return rolls
    }
    try self.init(train: part("traindata"), valid: part("validdata"), test: part("testdata"), path: path)
  }

  /// Keeps the pieces with a frame to predict from another.
  init(train: [PianoRoll], valid: [PianoRoll], test: [PianoRoll], path: String) throws(FileError) {
    func usable(_ rolls: [PianoRoll], _ part: String) throws(FileError) -> [PianoRoll] {
      let long = rolls.filter { $0.frames > 1 }
      if long.isEmpty { throw FileError(path, "has no piece of two or more frames in its \(part) part") }
      return long
    }
    self.train = try usable(train, "training")
    self.valid = try usable(valid, "validation")
    self.test = try usable(test, "test")
  }
}
