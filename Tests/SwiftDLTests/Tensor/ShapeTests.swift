import SwiftDL
import Testing

@Suite struct ShapeTests {
  @Test func extentsAndCounts() {
    let shape: Shape = [2, 3, 4]
    #expect(shape.rank == 3)
    #expect(Array(shape) == [2, 3, 4])
    #expect(shape.elementCount == 24)
    #expect(shape.description == "[2, 3, 4]")
    #expect(([] as Shape).elementCount == 1, "a number is one element")
    #expect(([5, 0, 2] as Shape).elementCount == 0)
    #expect(Shape([1, 1, 1, 1, 1, 1]).rank == Shape.maximumRank)
  }

  @Test func equalityMeansEqualExtents() {
    #expect([2, 3] as Shape == Shape([2, 3]))
    #expect([2, 3] as Shape != [3, 2])
    #expect([2] as Shape != [2, 1], "an axis of extent 1 is an axis")
    #expect(Set([[2, 3], [2, 3], [3, 2], [2, 3, 1]] as [Shape]).count == 3)
  }

  @Test func extentsCanBeReplaced() {
    var shape: Shape = [2, 3, 4]
    shape[1] = 7
    #expect(shape == [2, 7, 4])
  }
}
