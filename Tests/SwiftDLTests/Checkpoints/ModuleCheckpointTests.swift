import Foundation
import SwiftDL
import TestSupport
import Testing

@Suite struct ModuleCheckpointTests {
  struct Renamed: Module {
    var weight = Tensor.zeros([5, 3])
    var bais = Tensor.zeros([7])
    var statistics = Tensor.zeros([2])
    mutating func visitFields(_ visit: inout FieldVisitor) {
      visit.parameter("weight", &weight)
      visit.parameter("bais", &bais)
      visit.buffer("statistics", &statistics)
    }
  }

  @Test func loadedIsSaved() throws {
    let scratch = try Scratch()
    var model = TwoTensors(seed: 5)
    model.statistics = Tensor([0.1, .infinity])
    try model.save(to: scratch("m"), metadata: ["config": "x"])
    var other = TwoTensors(seed: 6)
    #expect(try other.load(from: scratch("m")) == ["config": "x"])
    expectIdentical(other.weight, model.weight)
    expectIdentical(other.bias, model.bias)
    expectIdentical(other.statistics, model.statistics)
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let scratch = try Scratch()
    try TwoTensors().save(to: scratch("m"))
    var renamed = Renamed()
    let problem = try #require(failure { try renamed.load(from: scratch("m")) })
    #expect(
      problem.description
        == "\(scratch("m")): does not fit the model: it lacks bais, and it has unknown bias (bais: did you mean bias?)"
    )
    #expect(renamed.weight.scalars.allSatisfy { $0 == 0 }, "after an error the model is as it was")

    var small = TwoTensors(weight: .zeros([3, 5]), bias: .zeros([7]))
    let shape = try #require(failure { try small.load(from: scratch("m")) })
    #expect(
      shape.problem.contains("other shapes for weight ([5, 3] in the file, [3, 5] in the model)"))
  }

  @Test func aDroppedWriterLeavesTheOldFile() throws {
    let scratch = try Scratch()
    try TwoTensors(seed: 1).save(to: scratch("m"))
    let before = try scratch.bytes("m")
    do {
      let writer = try AtomicFile(scratch("m"))
      try writer.write("half a model")
      #expect(scratch.contents.count == 2)
    }
    #expect(scratch.contents == ["m"])
    #expect(try scratch.bytes("m") == before)
  }

  @Test func aFullDiskIsOneClearLineAndLeavesNothing() throws {
    let scratch = try Scratch()
    // The temporary names that writers are about to use lead to a disk that is always full.
    let present = try AtomicFile(scratch("m")).temporaryPath
    let parts = present.split(separator: ".")
    let serial = try #require(Int(parts[parts.count - 2]))
    let stem = parts.dropLast(2).joined(separator: ".")
    for next in serial + 1...serial + 300 {
      try FileManager.default.createSymbolicLink(
        atPath: "/\(stem.drop { $0 == "/" }).\(next).part", withDestinationPath: "/dev/full")
    }
    let problem = try #require(failure { try TwoTensors().save(to: scratch("m")) })
    #expect(
      problem.path == scratch("m") && problem.hint == "free some space on the disk and try again")
    #expect(!Folders.exists(scratch("m")))
    #expect(scratch.contents.count == 299, "the temporary file is gone")
  }

  @Test func aMissingFolderIsNamed() throws {
    let scratch = try Scratch()
    let problem = failure { try TwoTensors().save(to: scratch("no/such/m")) }
    #expect(problem?.hint == "create its folder first")
  }
}
