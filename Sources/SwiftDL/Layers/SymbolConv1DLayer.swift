/// A convolution over a sequence of symbols, as if each were a one-hot vector: PyTorch's `Conv1d` on
/// `one_hot(symbols)`.
///
/// Input: symbol numbers `[batch, frames]`; output `[batch, frames − kernel + 1, output channels]`.
/// Weight `[kernel, symbols, output channels]`, bias `[output channels]`.
public struct SymbolConv1D: Module {
  public var weight: Tensor
  public var bias: Tensor

  /// A layer with fresh weights.
  public init(
    symbols: Int, outputChannels: Int, kernelSize: Int,
    initialization: Initialization = .glorotUniform, random: inout RandomStream
  ) {
    weight = initialization.weight(
      [kernelSize, symbols, outputChannels], fanIn: kernelSize * symbols,
      fanOut: kernelSize * outputChannels, random: &random)
    bias = initialization.bias(outputChannels, fanIn: kernelSize * symbols, random: &random)
  }

  public mutating func visitFields(_ visit: inout FieldVisitor) {
    visit.parameter("weight", &weight)
    visit.parameter("bias", &bias)
  }

  /// - Parameter symbols: `batch` rows, one after another.
  public func callAsFunction(_ symbols: [Int32], batch: Int) -> Tensor {
    symbolConv1D(symbols, batch: batch, weight, bias: bias)
  }
}
