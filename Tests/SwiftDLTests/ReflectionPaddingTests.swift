import SwiftDL
import TestSupport
import Testing

@Suite("reflection padding")
struct ReflectionPaddingTests {
  @Test("mirrors without repeating the ends")
  func values() {
    let x = Tensor([1, 4, 2], [1, 10, 2, 20, 3, 30, 4, 40])
    #expect(x.reflectionPadded(axis: 1, by: 2).scalars == [3, 30, 2, 20, 1, 10, 2, 20, 3, 30, 4, 40, 3, 30, 2, 20])
    #expect(x.reflectionPadded(axis: 1, by: 0).scalars == x.scalars)
    #expect(x.reflectionPadded(axis: -1, by: 1).shape == [1, 4, 4])
  }
}
