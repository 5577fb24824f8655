import CKernels
import SwiftDL

// The kernels, as a C library: a moving sum of three.
var geometry = ck_conv1d_geometry(
  batch: 1, input_frames: 5, input_channels: 1, output_channels: 1, kernel_size: 3, stride: 1, dilation: 1,
  groups: 1, pad_left: 1, pad_right: 1)
let signal: [Float] = [1, 2, 3, 4, 5]
var sums = [Float](repeating: 0, count: 5)
signal.withUnsafeBufferPointer { buffer in
  var input = ck_signal(data: buffer.baseAddress, channels: 1, frame_stride: 1, batch_stride: 5)
  ck_conv1d(nil, &geometry, 1, &input, [1, 1, 1], nil, &sums)
}
precondition(sums == [3, 6, 9, 12, 9], "the kernels say \(sums)")

// The library: a line fitted to a line.
struct Line: Module {
  var slope = Tensor(0)
  var offset = Tensor(0)
  mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.parameter("slope", &slope)
    visit.parameter("offset", &offset)
  }
}
var line = Line()
var optimizer = Adam(learningRate: 0.1)
let x = Tensor([-1, 0, 1, 2])
let y = 3 * x - 1
for _ in 0..<500 {
  let gradients = valueAndGradients(of: line) { ($0.slope * x + $0.offset - y).squared().mean() }.gradients
  optimizer.update(&line, with: gradients)
}
precondition(abs(line.slope.scalar - 3) < 1e-2 && abs(line.offset.scalar + 1) < 1e-2, "fitted \(line)")
print("consumer works")
