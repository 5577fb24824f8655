import Experiments
import Foundation
import SwiftDL
import Testing

@Suite("Images of digits") struct DigitImagesTests {
  private func error(_ path: String) -> String {
    do {
      _ = try DigitCorpus(path)
      return ""
    } catch { return "\(error)" }
  }

  @Test("IDX files, plain and packed, and tables hold the same kind of images") func formats() throws {
    let folder = try TemporaryFolder()
    let plain = try DigitCorpus(try DigitFiles(in: "\(folder.path)/plain").folder)
    let packed = try DigitCorpus(try DigitFiles(in: "\(folder.path)/packed", packed: true).folder)
    #expect(plain.train.count == 120 && plain.test.count == 40)
    let (pixels, labels) = DigitFiles.made(120, seed: 1)
    #expect(plain.train.labels == labels && packed.train.labels == labels)
    let image = plain.train.tensor([7])
    #expect(image.scalars == pixels[7 * 784..<8 * 784].map { Float($0) / 255 })
    #expect(packed.train.tensor([7]).scalars == image.scalars)

    try DigitFiles.table(50).write(toFile: "\(folder.path)/digits.csv", atomically: true, encoding: .utf8)
    let table = try DigitCorpus("\(folder.path)/digits.csv")
    #expect(table.train.count == 40 && table.test.count == 10)
    let all = DigitFiles.made(50, seed: 3)
    // Every fifth is for the test; the others are there once each.
    #expect(table.test.labels == (0..<10).map { all.labels[5 * $0 + 4] })
    #expect(table.train.labels.sorted() == (0..<50).filter { $0 % 5 != 4 }.map { all.labels[$0] }.sorted())
  }

  @Test("what is wrong with files is told in a line that names the file") func damage() throws {
    let folder = try TemporaryFolder()
    func files(_ change: (DigitFiles) throws -> Void) throws -> String {
      let path = "\(folder.path)/\(UUID().uuidString)"
      try change(try DigitFiles(in: path))
      return error(path)
    }
    let images = "train-images-idx3-ubyte"
    #expect(error("\(folder.path)/nowhere").contains("nowhere"))
    #expect(try files { try FileManager.default.removeItem(atPath: "\($0.folder)/\(images)") }.contains("has no \(images)"))
    #expect(try files { try $0.write([1, 2, 3, 4, 5], images) }.contains("\(images): is no IDX file"))
    #expect(try files { try $0.write([], images) }.contains("no IDX file"))
    #expect(try files { try $0.write([0, 0, 13, 3] + Array(repeating: 0, count: 12), images) }.contains("type 13"))
    #expect(try files { try $0.write([0, 0, 8, 1, 0, 0, 0, 0], images) }.contains("extents"))
    #expect(try files { try $0.write([0, 0, 8, 3, 0, 0], images) }.contains("ends within its header"))
    #expect(try files { try $0.write(DigitFiles.header(type: 3, [9, 28, 28]) + [1, 2], images) }.contains("announces"))
    let huge = DigitFiles.header(type: 3, [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF])
    #expect(try files { try $0.write(huge, images) }.contains("announces"))
    let small = DigitFiles.header(type: 3, [1, 20, 28]) + Array(repeating: 0, count: 560)
    #expect(try files { try $0.write(small, images) }.contains("20 × 28"))
    #expect(try files { try $0.write(DigitFiles.header(type: 3, [0, 28, 28]), images) }.contains("labels for 0 images"))
    let labels = "train-labels-idx1-ubyte"
    let wrong = DigitFiles.header(type: 1, [120]) + Array(repeating: 11, count: 120)
    #expect(try files { try $0.write(wrong, labels) }.contains("label 0 is 11"))
    #expect(try files { try $0.write([0x1F, 0x8B, 3, 4], labels) }.contains("damaged"))

    func table(_ text: String) throws -> String {
      try text.write(toFile: "\(folder.path)/t.csv", atomically: true, encoding: .utf8)
      return error("\(folder.path)/t.csv")
    }
    #expect(try table("1,2,3\n").contains("t.csv:1: has 3 numbers"))
    #expect(try table(DigitFiles.table(3)).contains("at least 10"))
    #expect(try table("").contains("at least 10"))
    #expect(try table(DigitFiles.table(20) + String(repeating: "256,", count: 784) + "1\n").contains("t.csv:21: “256”"))
    #expect(try table(String(repeating: "x,", count: 784) + "1\n").contains("“x”"))
    #expect(try table(String(repeating: "1,", count: 784) + "10\n").contains("class is 10"))
  }

  @Test("pairs are drawn by the rule, once") func pairs() throws {
    let folder = try TemporaryFolder()
    let corpus = try DigitCorpus(try DigitFiles(in: folder.path, train: 2000).folder)
    let random = RandomStream(seed: 4)
    for probability in [0.1, 0.9] {
      let pairs = PairedDigits(corpus.train, sameClass: probability, random: random)
      #expect(pairs.partners == PairedDigits(corpus.train, sameClass: probability, random: random).partners)
      let same = (0..<2000).count { pairs.images.labels[$0] == pairs.images.labels[pairs.partners[$0]] }
      // Others fall into the same class too, one in ten times.
      let expected = 2000 * (probability + (1 - probability) / 10)
      #expect(abs(Double(same) - expected) < 90, "\(same) for \(expected)")
      let table = pairs.classTable
      #expect(abs(table.joined().reduce(0, +) - 1) < 1e-9)
      #expect(abs((0..<10).reduce(0) { $0 + table[$1][$1] } - Double(same) / 2000) < 1e-9)
    }
    // Of few pairs the partners are among the few.
    let few = PairedDigits(corpus.train.prefix(12), sameClass: 0.5, random: random)
    #expect(few.count == 12 && few.partners.allSatisfy { $0 < 12 })
    let pair = few.tensor([5])
    #expect(pair.shape == [1, 1568])
    #expect(pair.sliced(axis: 1, 784..<1568).scalars == few.images.tensor([few.partners[5]]).scalars)
    #expect(few.tensor([5], part: 1).scalars == few.images.tensor([few.partners[5]]).scalars)
  }
}
