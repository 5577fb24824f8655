import CKernels
import SwiftDL
import SwiftDLModels
import Testing

/// What C makes of a network's bytes.
@Suite("streams as bytes")
struct StreamBytesTests {
  @Test("a stream that C reads computes the bits of ours, in every format", arguments: StreamWeights.allCases)
  func sameBits(_ weights: StreamWeights) throws {
    let network = SeqUNetResidual(.tiny, random: RandomStream(seed: 3))
    let bytes = network.streamBytes(note: "{\"name\": \"tiny\"}")
    let ours = NetworkStream(network.streamProgram(weights: weights), batch: 1, block: 1)
    ours.reset(phase: 0)
    var stream: OpaquePointer?
    defer { ck_stream_destroy(stream) }
    let context = ck_context_create(ck_isa_best(), 1)
    defer { ck_context_destroy(context) }
    try bytes.withUnsafeBytes { bytes in
      var (note, length) = (UnsafePointer<CChar>?.none, 0)
      #expect(ck_stream_program_note(bytes.baseAddress, bytes.count, &note, &length) == .ok)
      #expect(note.map { String(cString: $0) } == "{\"name\": \"tiny\"}")
      let format = try #require(StreamWeights.allCases.firstIndex(of: weights))
      let status = ck_stream_read_program(
        context, try #require(ck_stream_weights(rawValue: UInt32(format))), bytes.baseAddress, bytes.count, &stream)
      #expect(status == .ok)
    }
    let size = ck_stream_state_size(stream, 1, 1)
    let state = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    defer { state.deallocate() }
    #expect(ck_stream_start(stream, 1, 1, 0, state, size) == .ok)
    for frame in 0..<40 {
      let symbol = [Int32(frame * 5 % 7)]
      var (expected, found) = ([Float](repeating: 0, count: 7), [Float](repeating: 0, count: 7))
      ours.step(symbol, into: &expected)
      #expect(ck_stream_process_symbols(stream, state, size, 1, symbol, &found) == .ok)
      #expect(found == expected && found.contains { $0 != 0 })
    }
  }
}
