internal import CKernels

/// The optimiser steps and the few operations on gradients, in place: a tensor that nobody else
/// holds is changed where it lies.
extension Kernels {
  static func adamStep(
    _ settings: ck_adam, gradient: Tensor, parameter: inout Tensor, first: inout Tensor,
    second: inout Tensor
  ) {
    change(&parameter, with: gradient) { count, g, p in
      first.withUnsafeMutableBuffer { first in
        second.withUnsafeMutableBuffer { second in
          withUnsafePointer(to: settings) {
            require(ck_adam_step(context, $0, count, g, p, first.baseAddress, second.baseAddress))
          }
        }
      }
    }
  }

  /// Without momentum: remembers nothing.
  static func sgdStep(_ settings: ck_sgd, gradient: Tensor, parameter: inout Tensor) {
    change(&parameter, with: gradient) { count, g, p in
      withUnsafePointer(to: settings) { require(ck_sgd_step(context, $0, count, g, p, nil)) }
    }
  }

  static func sgdStep(
    _ settings: ck_sgd, gradient: Tensor, parameter: inout Tensor, velocity: inout Tensor
  ) {
    change(&parameter, with: gradient) { count, g, p in
      velocity.withUnsafeMutableBuffer { velocity in
        withUnsafePointer(to: settings) {
          require(ck_sgd_step(context, $0, count, g, p, velocity.baseAddress))
        }
      }
    }
  }

  static func rmspropStep(
    _ settings: ck_rmsprop, gradient: Tensor, parameter: inout Tensor, second: inout Tensor
  ) {
    change(&parameter, with: gradient) { count, g, p in
      second.withUnsafeMutableBuffer { second in
        withUnsafePointer(to: settings) {
          require(ck_rmsprop_step(context, $0, count, g, p, second.baseAddress))
        }
      }
    }
  }

  /// x = scale · x
  static func scale(_ x: inout Tensor, by scale: Float) {
    x.withUnsafeMutableBuffer { x in
      require(ck_unary(context, .affine, scale, 0, x.count, x.baseAddress, x.baseAddress))
    }
  }

  /// x = min(max(x, -bound), bound)
  static func clamp(_ x: inout Tensor, to bound: Float) {
    x.withUnsafeMutableBuffer { x in
      require(ck_unary(context, .clamp, -bound, bound, x.count, x.baseAddress, x.baseAddress))
    }
  }

  /// x = x + weight · y
  static func add(_ y: Tensor, weight: Float = 1, to x: inout Tensor) {
    change(&x, with: y) { count, y, x in
      require(ck_binary(context, .scaled_add, weight, count, x, y, x))
    }
  }

  private static func change(
    _ x: inout Tensor, with y: Tensor,
    _ body: (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    precondition(
      x.shape == y.shape, "a change of shape \(y.shape) for a tensor of shape \(x.shape)")
    let count = x.count
    y.withUnsafeBuffer { y in
      x.withUnsafeMutableBuffer { x in
        if let y = y.baseAddress, let x = x.baseAddress { body(count, y, x) }
      }
    }
  }
}
