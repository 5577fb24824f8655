/// Products of spectra in the layout of `RealTransform`.
///
/// Real parts come first, and `stride` further the imaginary ones. Ranges of bins begin and end at
/// multiples of four.
enum SpectrumProducts {
  typealias Pointer = UnsafeMutablePointer<Double>
  private typealias Vector = SIMD4<Double>

  /// `sum += Σ conj(a) · b` over pairs of spectra that lie `pitch` doubles apart.
  @inline(never)
  static func addCorrelations(
    _ a: Pointer, _ b: Pointer, count: Int, pitch: Int, stride: Int, bins: Range<Int>,
    to sum: Pointer
  ) {
    for bin in Swift.stride(from: bins.lowerBound, to: bins.upperBound, by: 4) {
      var real = load(sum + bin)
      var imaginary = load(sum + stride + bin)
      for index in 0..<count {
        let a = a + (index * pitch + bin)
        let b = b + (index * pitch + bin)
        let aReal = load(a)
        let aImaginary = load(a + stride)
        let bReal = load(b)
        let bImaginary = load(b + stride)
        real += aReal * bReal + aImaginary * bImaginary
        imaginary += aReal * bImaginary - aImaginary * bReal
      }
      store(real, sum + bin)
      store(imaginary, sum + stride + bin)
    }
  }

  /// `result = Σ a · b` over pairs of spectra that lie `pitch` doubles apart.
  @inline(never)
  static func convolve(
    _ a: Pointer, _ b: Pointer, count: Int, pitch: Int, stride: Int, bins: Range<Int>,
    into result: Pointer
  ) {
    for bin in Swift.stride(from: bins.lowerBound, to: bins.upperBound, by: 4) {
      var real = Vector.zero
      var imaginary = Vector.zero
      for index in 0..<count {
        let a = a + (index * pitch + bin)
        let b = b + (index * pitch + bin)
        let aReal = load(a)
        let aImaginary = load(a + stride)
        let bReal = load(b)
        let bImaginary = load(b + stride)
        real += aReal * bReal - aImaginary * bImaginary
        imaginary += aReal * bImaginary + aImaginary * bReal
      }
      store(real, result + bin)
      store(imaginary, result + stride + bin)
    }
  }

  /// Ranges of at most 152 bins that cover a stride: small enough for many spectra's to be cached.
  static func tiles(stride: Int) -> [Range<Int>] {
    Swift.stride(from: 0, to: stride, by: 152).map { $0..<min($0 + 152, stride) }
  }

  @inline(__always)
  private static func load(_ pointer: Pointer) -> Vector {
    UnsafeRawPointer(pointer).load(as: Vector.self)
  }

  @inline(__always)
  private static func store(_ value: Vector, _ pointer: Pointer) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Vector.self)
  }
}
