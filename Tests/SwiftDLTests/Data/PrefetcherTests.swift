import Foundation
import SwiftDL
import Synchronization
import Testing

@Suite struct PrefetcherTests {
  struct Failure: Error, Equatable { let index: Int }

  @Test(arguments: [1, 2, 3], [1, 2, 5]) func comesInOrder(workers: Int, ahead: Int) throws {
    let batches = Prefetcher(10..<210, ahead: ahead, workers: workers) { index in
      // Later batches are often ready before earlier ones.
      usleep(UInt32((index * 7919) % 200))
      return index * index
    }
    for index in 10..<210 { #expect(try batches.next() == index * index) }
    #expect(try batches.next() == nil)
    #expect(try batches.next() == nil)
  }

  @Test(arguments: [1, 3]) func neverRunsFurtherAheadThanAllowed(workers: Int) throws {
    final class Count: Sendable {
      let started = Atomic<Int>(0)
      let taken = Atomic<Int>(0)
      let furthest = Atomic<Int>(0)
    }
    let count = Count()
    let batches = Prefetcher(0..<300, ahead: 4, workers: workers) { index in
      let started = count.started.add(1, ordering: .sequentiallyConsistent).newValue
      let distance = started - count.taken.load(ordering: .sequentiallyConsistent)
      count.furthest.max(distance, ordering: .sequentiallyConsistent)
      return index
    }
    while try batches.next() != nil {
      let taken = count.taken.add(1, ordering: .sequentiallyConsistent).newValue
      if taken % 10 == 0 { usleep(300) }
    }
    // One more than allowed ahead can be seen between `next()` and the count that follows it.
    #expect(count.furthest.load(ordering: .relaxed) <= 5)
    #expect(count.started.load(ordering: .relaxed) == 300)
  }

  @Test(arguments: [1, 3]) func errorsComeInTheirPlaceAndEndTheSequence(workers: Int) throws {
    let batches = Prefetcher(0..<100, ahead: 5, workers: workers) { index in
      if index >= 7 { throw Failure(index: index) }
      return index
    }
    for index in 0..<7 { #expect(try batches.next() == index) }
    #expect(throws: Failure(index: 7)) { try batches.next() }
    #expect(try batches.next() == nil)
  }

  @Test func stopNeedsNotWaitForABatchInTheMaking() throws {
    let gate = DispatchSemaphore(value: 0)
    let begun = DispatchSemaphore(value: 0)
    let batches = Prefetcher(0..<10) { index in
      begun.signal()
      gate.wait()
      return index
    }
    begun.wait()
    batches.stop()
    #expect(try batches.next() == nil)
    gate.signal()
  }

  @Test func stopFreesAConsumerThatWaits() throws {
    let gate = DispatchSemaphore(value: 0)
    let batches = Prefetcher(0..<10) { index in
      gate.wait()
      return index
    }
    let stopper = Thread {
      usleep(5000)
      batches.stop()
    }
    stopper.start()
    #expect(try batches.next() == nil)
    gate.signal()
  }

  @Test func droppedPrefetchersLetGoOfEverything() {
    final class Owned: Sendable {
      static let alive = Atomic<Int>(0)
      init() { Self.alive.add(1, ordering: .sequentiallyConsistent) }
      deinit { Self.alive.subtract(1, ordering: .sequentiallyConsistent) }
    }
    for _ in 0..<50 {
      let batches = Prefetcher(0..<Int.max, ahead: 3, workers: 2) { _ in Owned() }
      _ = try? batches.next()
    }
    // The threads end by themselves; nobody joins them.
    for _ in 0..<2000 where Owned.alive.load(ordering: .sequentiallyConsistent) > 0 { usleep(1000) }
    #expect(Owned.alive.load(ordering: .sequentiallyConsistent) == 0)
  }

  @Test func waitingIsMeasured() throws {
    let batches = Prefetcher(0..<5) { index in
      usleep(2000)
      return index
    }
    #expect(batches.secondsWaited == 0)
    var inside = Duration.zero
    var ended = false
    while !ended {
      inside += try ContinuousClock().measure { ended = try batches.next() == nil }
    }
    #expect(batches.secondsWaited > 0 && .seconds(batches.secondsWaited) <= inside)
    #expect(batches.shareWaited > 0 && batches.shareWaited <= 1)
  }
}
