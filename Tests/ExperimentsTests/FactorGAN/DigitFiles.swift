import CZlib
import Experiments
import Foundation
import SwiftDL

/// Small sets of made-up digits: class c is a bright bar at a height of its own, with noise.
struct DigitFiles {
  let folder: String

  /// Writes the four IDX files.
  init(in folder: String, train: Int = 120, test: Int = 40, packed: Bool = false) throws {
    self.folder = folder
    try Folders.create(folder)
    for (name, count, seed) in [("train", train, 1), ("t10k", test, 2)] {
      let (pixels, labels) = Self.made(count, seed: UInt64(seed))
      let images = Self.header(type: 3, [count, 28, 28]) + pixels
      try write(images, "\(name)-images-idx3-ubyte", packed)
      try write(Self.header(type: 1, [count]) + labels, "\(name)-labels-idx1-ubyte", packed)
    }
  }

  func write(_ bytes: [UInt8], _ name: String, _ packed: Bool = false) throws {
    if packed {
      let file = gzopen("\(folder)/\(name).gz", "wb")
      gzwrite(file, bytes, UInt32(bytes.count))
      gzclose(file)
    } else {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
  }

  static func header(type rank: UInt8, _ extents: [Int]) -> [UInt8] {
    [0, 0, 8, rank] + extents.flatMap { extent in withUnsafeBytes(of: UInt32(extent).bigEndian) { Array($0) } }
  }

  static func made(_ count: Int, seed: UInt64) -> (pixels: [UInt8], labels: [UInt8]) {
    var random = RandomStream(seed: seed)
    var pixels: [UInt8] = []
    var labels: [UInt8] = []
    for _ in 0..<count {
      let label = random.integer(below: 10)
      labels.append(UInt8(label))
      for row in 0..<28 {
        for _ in 0..<28 {
          let isBar = row == 2 * label + 4 || row == 2 * label + 5
          pixels.append(UInt8((isBar ? 200 : 0) + random.integer(below: 56)))
        }
      }
    }
    return (pixels, labels)
  }

  /// The same as lines of a table.
  static func table(_ count: Int) -> String {
    let (pixels, labels) = made(count, seed: 3)
    var text = ""
    for index in 0..<count {
      let numbers: [UInt8] = Array(pixels[index * 784..<(index + 1) * 784]) + [labels[index]]
      let words: [String] = numbers.map { String($0) }
      text += words.joined(separator: ",") + "\n"
    }
    return text
  }
}
