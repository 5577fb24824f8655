// A filter learned by gradient descent in C++: the weights of a convolution are found again from its output.
#include <CKernels.h>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

static void check(ck_status status) {
  if (status != ck_status_ok) throw std::runtime_error(ck_status_message(status));
}

int main() {
  const std::unique_ptr<ck_context, void (*)(ck_context *)> context(ck_context_create(ck_isa_best(), 2),
                                                                    ck_context_destroy);
  ck_conv1d_geometry g = {};
  g.batch = 4, g.input_frames = 200, g.input_channels = 3, g.output_channels = 2, g.kernel_size = 5;
  g.stride = g.dilation = g.groups = 1;
  g.pad_left = g.pad_right = 2;
  const std::size_t inputs = 4 * 200 * 3, outputs = 4 * 200 * 2, weights = 5 * 3 * 2;
  std::vector<float> x(inputs), wanted(weights), learned(weights), y(outputs), target(outputs), gradient(weights);
  check(ck_random_normal(context.get(), 1, 0, (ptrdiff_t)inputs, 0, 1, x.data()));
  check(ck_random_normal(context.get(), 2, 0, (ptrdiff_t)weights, 0, 1, wanted.data()));
  const ck_signal input = {x.data(), 3, 3, 600};
  check(ck_conv1d(context.get(), &g, 1, &input, wanted.data(), nullptr, target.data()));
  for (int step = 0; step < 100; step++) {
    check(ck_conv1d(context.get(), &g, 1, &input, learned.data(), nullptr, y.data()));
    check(ck_binary(context.get(), ck_binary_subtract, 0, (ptrdiff_t)outputs, y.data(), target.data(), y.data()));
    check(ck_conv1d_weight_gradient(context.get(), &g, 1, &input, y.data(), gradient.data()));
    check(ck_binary(context.get(), ck_binary_scaled_add, -1e-3f, (ptrdiff_t)weights, learned.data(), gradient.data(),
                    learned.data()));
  }
  float worst = 0;
  for (std::size_t i = 0; i < weights; i++) worst = std::fmax(worst, std::fabs(learned[i] - wanted[i]));
  std::printf("a filter found again within %.1e\n", worst);
  return worst < 1e-3f ? 0 : 1;
}
