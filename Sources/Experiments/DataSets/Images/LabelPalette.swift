import Foundation
import SwiftDL

/// The classes of label images, each a colour.
public struct LabelPalette: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public let name: String
    public let colour: Colour
    /// Whether pixels of the class count where pixels are compared.
    public let isEvaluated: Bool

    package init(name: String, colour: Colour, isEvaluated: Bool) {
      (self.name, self.colour, self.isEvaluated) = (name, colour, isEvaluated)
    }
  }

  public let entries: [Entry]
  /// Whether label images hold these colours and no others; else the nearest one is meant, as after JPEG.
  public let isExact: Bool

  /// Numbers of the classes that count.
  public var evaluated: [Int] { entries.indices.filter { entries[$0].isEvaluated } }

  /// The class of the nearest colour, of some classes. The first of several as near.
  ///
  /// - Parameters:
  ///   - pixel: red, green and blue, 0 to 255.
  func nearest(_ pixel: (Float, Float, Float), among classes: [Int]) -> Int {
    var (best, least) = (classes[0], Float.infinity)
    for index in classes {
      let colour = entries[index].colour
      let red = pixel.0 - Float(colour.red)
      let green = pixel.1 - Float(colour.green)
      let blue = pixel.2 - Float(colour.blue)
      let distance = red * red + green * green + blue * blue
      if distance < least { (best, least) = (index, distance) }
    }
    return best
  }

  /// Refuses a label image with a colour of no class.
  func check(_ image: RGBImage, _ path: String) throws(FileError) {
    guard isExact else { return }
    let known = Set(entries.map { Int($0.colour.red) << 16 | Int($0.colour.green) << 8 | Int($0.colour.blue) })
    for pixel in 0..<image.width * image.height {
      let colour = Colour(
        red: image.bytes[3 * pixel], green: image.bytes[3 * pixel + 1], blue: image.bytes[3 * pixel + 2])
      if known.contains(Int(colour.red) << 16 | Int(colour.green) << 8 | Int(colour.blue)) { continue }
      throw FileError(
        path,
        "pixel \(pixel % image.width), \(pixel / image.width) of the labels is \(colour.hexadecimal), no class's colour",
        hint: "add the colour to \(Self.fileName), or delete that file where colours are inexact")
    }
  }

  // MARK: - Files

  /// The file beside `train` and `val` that lists the classes.
  static let fileName = "palette.csv"

  /// The palette of a folder, exact, or Cityscapes' where there is none.
  static func of(_ folder: String) throws(FileError) -> LabelPalette {
    let path = "\(folder)/\(fileName)"
    return Folders.exists(path) ? try LabelPalette(path) : .cityscapes
  }

  package init(entries: [Entry], isExact: Bool) { (self.entries, self.isExact) = (entries, isExact) }

  /// Reads lines of `name,red,green,blue` and, for classes that do not count, `,ignored`.
  init(_ path: String) throws(FileError) {
    var entries: [Entry] = []
    for (index, line) in try WholeFile.text(path).split(separator: "\n").enumerated() {
      let words = line.split(separator: ",", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      let numbers = words.dropFirst().prefix(3).compactMap { UInt8($0) }
      guard words.count == 4 || (words.count == 5 && words[4] == "ignored"), numbers.count == 3, !words[0].isEmpty else {
        throw FileError("\(path):\(index + 1)", "is no class", hint: "name,red,green,blue is expected, 0 to 255 each")
      }
      let colour = Colour(red: numbers[0], green: numbers[1], blue: numbers[2])
      if let other = entries.first(where: { $0.colour == colour }) {
        throw FileError("\(path):\(index + 1)", "has the colour of “\(other.name)” again")
      }
      entries.append(Entry(name: words[0], colour: colour, isEvaluated: words.count == 4))
    }
    guard entries.contains(where: \.isEvaluated) else { throw FileError(path, "lists no class that counts") }
    self.init(entries: entries, isExact: true)
  }

  /// The lines of such a file.
  var text: String {
    entries.map { entry in
      let colour = entry.colour
      return "\(entry.name),\(colour.red),\(colour.green),\(colour.blue)\(entry.isEvaluated ? "" : ",ignored")\n"
    }.joined()
  }

  // MARK: - Cityscapes

  /// The 35 colours of Cityscapes' label images, 19 of which are evaluated (Cordts et al., CVPR 2016). Some classes that do
  /// not count share a colour.
  public static let cityscapes: LabelPalette = {
    func entry(_ name: String, _ red: UInt8, _ green: UInt8, _ blue: UInt8, _ isEvaluated: Bool = true) -> Entry {
      Entry(name: name, colour: Colour(red: red, green: green, blue: blue), isEvaluated: isEvaluated)
    }
    return LabelPalette(
      entries: [
        entry("unlabeled", 0, 0, 0, false), entry("ego vehicle", 0, 0, 0, false),
        entry("rectification border", 0, 0, 0, false), entry("out of roi", 0, 0, 0, false),
        entry("static", 0, 0, 0, false), entry("dynamic", 111, 74, 0, false), entry("ground", 81, 0, 81, false),
        entry("road", 128, 64, 128), entry("sidewalk", 244, 35, 232), entry("parking", 250, 170, 160, false),
        entry("rail track", 230, 150, 140, false), entry("building", 70, 70, 70), entry("wall", 102, 102, 156),
        entry("fence", 190, 153, 153), entry("guard rail", 180, 165, 180, false), entry("bridge", 150, 100, 100, false),
        entry("tunnel", 150, 120, 90, false), entry("pole", 153, 153, 153), entry("polegroup", 153, 153, 153, false),
        entry("traffic light", 250, 170, 30), entry("traffic sign", 220, 220, 0), entry("vegetation", 107, 142, 35),
        entry("terrain", 152, 251, 152), entry("sky", 70, 130, 180), entry("person", 220, 20, 60),
        entry("rider", 255, 0, 0), entry("car", 0, 0, 142), entry("truck", 0, 0, 70), entry("bus", 0, 60, 100),
        entry("caravan", 0, 0, 90, false), entry("trailer", 0, 0, 110, false), entry("train", 0, 80, 100),
        entry("motorcycle", 0, 0, 230), entry("bicycle", 119, 11, 32), entry("license plate", 0, 0, 142, false),
      ], isExact: false)
  }()
}
