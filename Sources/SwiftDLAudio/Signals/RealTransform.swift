import CFFTW
import Synchronization

/// The discrete Fourier transform of real signals in double precision, both ways, unnormalised.
///
/// A spectrum is one block of `2 · stride` doubles: `size / 2 + 1` real parts from its beginning
/// on, as many imaginary parts from `stride` on. Both runs are padded with zeros to a multiple of
/// eight, so that loops over spectra need no special end. Buffers come from `DoubleBuffer`, whose
/// alignment the plans rely on. FFTW estimates its plans: the same size, the same bits, always.
final class RealTransform: Sendable {
  /// Samples per signal, an even number.
  let size: Int
  /// Distance from the real to the imaginary parts.
  let stride: Int
  private nonisolated(unsafe) let forwardPlan: OpaquePointer
  private nonisolated(unsafe) let inversePlan: OpaquePointer

  /// Frequencies from 0 to half the sample rate.
  var bins: Int { size / 2 + 1 }

  /// FFTW's planner is not safe to enter twice; its plans are safe to run at the same time.
  private static let planner = Mutex(())

  init(size: Int) {
    precondition(size > 0 && size % 2 == 0, "RealTransform: size \(size); even sizes work")
    self.size = size
    let stride = (size / 2 + 1 + 7) / 8 * 8
    self.stride = stride
    let signal = DoubleBuffer(size)
    let spectrum = DoubleBuffer(2 * stride)
    var dimension = fftw_iodim(n: Int32(size), is: 1, os: 1)
    let real = spectrum.pointer
    let imaginary = spectrum.pointer + stride
    nonisolated(unsafe) var plans: (forward: OpaquePointer?, inverse: OpaquePointer?) = (nil, nil)
    Self.planner.withLock { _ in
      plans.forward = fftw_plan_guru_split_dft_r2c(
        1, &dimension, 0, nil, signal.pointer, real, imaginary, FFTW_ESTIMATE)
      plans.inverse = fftw_plan_guru_split_dft_c2r(
        1, &dimension, 0, nil, real, imaginary, signal.pointer, FFTW_ESTIMATE)
    }
    guard let forward = plans.forward, let inverse = plans.inverse else {
      preconditionFailure("RealTransform: FFTW has no plan for size \(size)")
    }
    forwardPlan = forward
    inversePlan = inverse
  }

  deinit {
    Self.planner.withLock { _ in
      fftw_destroy_plan(forwardPlan)
      fftw_destroy_plan(inversePlan)
    }
  }

  /// `spectrum[k] = Σ signal[t] e^(-2πi k t / size)`; the signal stays as it is.
  func forward(_ signal: UnsafeMutablePointer<Double>, into spectrum: UnsafeMutablePointer<Double>) {
    fftw_execute_split_dft_r2c(forwardPlan, signal, spectrum, spectrum + stride)
    for index in bins..<stride {
      spectrum[index] = 0
      spectrum[stride + index] = 0
    }
  }

  /// `size` times the signal whose spectrum this is; the spectrum is used up.
  func inverse(_ spectrum: UnsafeMutablePointer<Double>, into signal: UnsafeMutablePointer<Double>) {
    fftw_execute_split_dft_c2r(inversePlan, spectrum, spectrum + stride, signal)
  }
}

/// Zeroed doubles at a cache line's beginning.
final class DoubleBuffer {
  let pointer: UnsafeMutablePointer<Double>
  let count: Int

  init(_ count: Int) {
    self.count = count
    pointer = UnsafeMutableRawPointer.allocate(byteCount: max(count, 8) * 8, alignment: 64)
      .bindMemory(to: Double.self, capacity: max(count, 8))
    pointer.initialize(repeating: 0, count: count)
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
