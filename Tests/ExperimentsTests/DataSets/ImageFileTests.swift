import Experiments
import Foundation
import SwiftDL
import TestSupport
import Testing

@Suite("Pictures in files") struct ImageFileTests {
  private static let folder = Bundle.module.resourcePath.map { "\($0)/Fixtures/pictures" } ?? ""

  private func expected(_ name: String) throws -> [UInt8] {
    try SafeTensorsFile("\(Self.folder)/expected.safetensors").tensor(name).scalars.map { UInt8($0) }
  }

  @Test(
    "PNG of every depth is read as Pillow reads it", arguments: ["colour", "grey", "deep", "see-through"])
  func png(name: String) throws {
    let image = try ImageFile.read("\(Self.folder)/\(name).png")
    #expect((image.width, image.height) == (23, 17))
    #expect(image.bytes == (try expected(name)))
  }

  @Test("JPEG is read as Pillow reads it, to a step of rounding") func jpeg() throws {
    let image = try ImageFile.read("\(Self.folder)/photo.jpg")
    let differences = zip(image.bytes, try expected("photo")).map { abs(Int($0) - Int($1)) }
    #expect(differences.count == 3 * 17 * 23 && (differences.max() ?? 9) <= 1)
  }

  @Test("other sizes are Pillow's to the bit", arguments: [(8, 8), (64, 32), (23, 5), (7, 17), (40, 40)])
  func bicubic(width: Int, height: Int) throws {
    let image = try ImageFile.read("\(Self.folder)/colour.png").bicubic(width: width, height: height)
    #expect(image.bytes == (try expected("bicubic \(width) \(height)")))
  }

  @Test("greys are Pillow's") func greys() throws {
    #expect(try ImageFile.read("\(Self.folder)/colour.png").greys == expected("greys"))
  }

  @Test("what is written is read again") func roundTrip() throws {
    let folder = try TemporaryFolder()
    var random = RandomStream(seed: 1)
    for (width, height) in [(1, 1), (5, 3), (64, 2)] {
      let bytes = (0..<3 * width * height).map { _ in UInt8(random.integer(below: 256)) }
      let image = RGBImage(width: width, height: height, bytes: bytes)
      try image.write(to: "\(folder.path)/x.png")
      #expect(try ImageFile.read("\(folder.path)/x.png") == image)
    }
  }

  @Test("halves, neighbours and rectangles are the pixels they say") func parts() {
    let image = RGBImage(width: 4, height: 2, bytes: (0..<24).map { UInt8($0) })
    let (left, right) = image.halves
    #expect(left.beside(right) == image)
    #expect(image.cropped(rows: 1..<2, columns: 2..<3).bytes == [18, 19, 20])
    #expect(image.nearest(width: 2, height: 1).bytes == [15, 16, 17, 21, 22, 23])
  }

  @Test("files that are no pictures, cut off or hostile are refused by name")
  func refusals() throws {
    let folder = try TemporaryFolder()
    func refusal(_ bytes: [UInt8], _ name: String) throws -> String {
      let path = "\(folder.path)/\(name)"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: FileError.self) { try ImageFile.read(path) }
      return error.map { "\($0)" } ?? ""
    }
    let png = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/colour.png")))
    let jpeg = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/photo.jpg")))
    #expect(try refusal([], "void.png").contains("void.png"))
    #expect(try refusal([1, 2, 3, 4, 5], "x.png").contains("no picture"))
    #expect(try refusal(Array(png.prefix(png.count / 2)), "half.png").contains("half.png"))
    #expect(try refusal(Array(png.prefix(20)), "header.png").contains("PNG"))
    #expect(try refusal(Array(jpeg.prefix(jpeg.count / 2)), "half.jpg").contains("JPEG"))
    #expect(try refusal(Array(jpeg.prefix(4)), "header.jpg").contains("JPEG"))
    // A header that promises 2 billion pixels, with the right checksum.
    var hostile = png
    hostile.replaceSubrange(16..<24, with: [0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50])
    let checksum = PNGImageTests.checksum(hostile[12..<29])
    hostile.replaceSubrange(29..<33, with: withUnsafeBytes(of: checksum.bigEndian) { Array($0) })
    #expect(try refusal(hostile, "bomb.png").contains("50000 × 50000"))
    #expect(throws: FileError.self) { try ImageFile.read("\(folder.path)/missing.png") }
    #expect(throws: FileError.self) { try ImageFile.read(folder.path) }
  }
}
