/*
 * CKernels: the arithmetic of SwiftDL on plain memory. This header is the whole interface.
 *
 * Layouts       Everything is float32, dense and channels last: signals [batch, frames, channels], images
 *               [batch, height, width, channels], convolution weights [kernel, input channels / groups,
 *               output channels]. Views (below) may leave gaps between frames, rows and batches.
 * Alignment     Pointers to floats are aligned as floats are (4 bytes); 64 bytes is fastest.
 * Aliasing      Outputs overlap nothing else that is passed, unless a function says "y may be x": then they are
 *               the same memory exactly. Inputs may overlap one another.
 * Accumulation  Sums are float32 with several accumulators, cut into parts that are added apart: the error
 *               grows with the length of a part (about a hundred terms), not with the length of the sum.
 *               Reductions add blocks in float64. Infinities, NaN and subnormals are those of IEEE float32.
 * Padding       Zeros, which may be multiplied: beside padding, an infinite or NaN weight makes outputs and input
 *               gradients NaN, an infinite output gradient makes weight gradients NaN, where the references leave
 *               padding out. (PyTorch's forward pass and weight gradient do the same; its input gradient does not.)
 * Determinism   The bits of a result depend on the arguments and the instruction set: never on the number of
 *               threads or on who else computes. With ck_precision_highest and but on amx, they do not depend on
 *               whether a plan was used either, and a frame of a one-dimensional convolution, or transposed
 *               convolution, has the same bits whatever else of its signal and batch is computed.
 * Threads       Every function may be called from any thread at any time, also on the same context, also from
 *               inside a loop of the library. A context is an instruction set and a pool of threads: NULL means
 *               the best instruction set of this machine on the calling thread. No other state is global.
 * Memory        The simple calls keep working space per thread, which grows and is reused (ck_release_scratch
 *               frees it). Plans take all memory from the caller and allocate nothing.
 * Errors        Every function that can be misused returns a ck_status and checks before it writes: sizes
 *               that are negative or whose products overflow, strides and kernels of 0, crops beyond the
 *               input, NULL, misaligned or overlapping memory. After any status but ck_status_ok and
 *               ck_status_no_memory nothing has been written. The contents of memory are not checked, indices
 *               excepted, nor can a pointer be known to be as long as the geometry says.
 *               Batches, frames and counts may be 0: then there is nothing to do, and pointers may be NULL.
 * References    Every kernel has a nested-loop twin, `…_reference`, which says what it means, which nobody
 *               optimises, and which checks nothing: its arguments are those that the kernel accepts.
 */
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Additions raise MINOR; what breaks a caller's source or binary raises MAJOR, and CK_ABI_VERSION (the number in
   the shared library's name) with it. */
#define CK_VERSION_MAJOR 1
#define CK_VERSION_MINOR 3
#define CK_VERSION_PATCH 0
#define CK_ABI_VERSION 1

/* What the library shows; all other symbols are hidden. */
#if defined(__GNUC__)
#define CK_API __attribute__((visibility("default")))
#else
#define CK_API
#endif
/* Swift sees an enumeration with these cases and no others. */
#if defined(__clang__)
#define CK_CLOSED_ENUM __attribute__((enum_extensibility(closed)))
#else
#define CK_CLOSED_ENUM
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* MAJOR · 10000 + MINOR · 100 + PATCH of the library that runs, which may be newer than this header. */
CK_API int ck_version(void);

/* ---- Status ------------------------------------------------------------------------------------------- */

typedef enum CK_CLOSED_ENUM ck_status {
  ck_status_ok = 0,
  ck_status_invalid_geometry,    /* sizes that are negative, zero where one is needed, contradictory or too large */
  ck_status_invalid_argument,    /* an unknown operation, a count that does not match, an index out of range */
  ck_status_null_pointer,
  ck_status_misaligned,
  ck_status_overlap,             /* an output overlaps something else, or itself */
  ck_status_workspace_too_small, /* … or the memory for packed weights */
  ck_status_no_memory,           /* outputs may be half written */
  ck_status_unsupported,         /* right, but not done by this library */
} ck_status;
/* An English sentence; never NULL. */
CK_API const char *ck_status_message(ck_status status);

/* ---- Machine ------------------------------------------------------------------------------------------ */

/* Instruction sets, least first. */
typedef enum CK_CLOSED_ENUM ck_isa {
  ck_isa_generic = 0,
  ck_isa_avx2 = 1,
  ck_isa_avx512 = 2,
  ck_isa_amx = 3, /* avx512, avx512_bf16 and bfloat16 tiles, which the kernel must allow: asked for once */
} ck_isa;

/* The best instruction set this processor and its operating system offer. */
CK_API ck_isa ck_isa_best(void);
/* What the environment variable CK_ISA asks for (generic, avx2, avx512, amx), or the best one when it is unset or empty.
   ck_status_unsupported when that is no name, or names what this machine does not offer: *isa is then the best one, and
   a program should say so and stop rather than run on something else. */
CK_API ck_status ck_isa_from_environment(ck_isa *isa);
CK_API const char *ck_isa_name(ck_isa isa);

/* How exact convolutions and matrix products must be: a permission to be faster, never an order.

   On amx highest is six bfloat16 products for one of float32 (an error no larger than float32's), high is three (1e-5 of
   the largest output), medium one (4e-3), all added in float32. Elsewhere highest is float32; high and medium compute
   convolutions of several taps with about half as many products or fewer (Winograd's, also within 1e-5 of the largest output:
   measured 4e-6). Plans are float32 in all three, on amx too: there a plan's bits are avx512's.

   Subnormals, infinities, NaN and magnitudes up to the largest mean in every mode what they mean in float32. But with
   fewer products the rounding errors of a loud frame reach its neighbours, also those before it, and bits depend on where
   a signal begins; not on the number of threads, which no mode does. */
typedef enum CK_CLOSED_ENUM ck_precision {
  ck_precision_highest = 0,
  ck_precision_high = 1,
  ck_precision_medium = 2,
} ck_precision;

/* An instruction set and a pool of threads (the caller's is one of them). Sendable between threads; while one
   thread runs a kernel on it, kernels called from others run on their own thread only. */
typedef struct ck_context ck_context;
/* `isa` is lowered to what the processor offers. NULL when there is no memory. */
CK_API ck_context *ck_context_create(ck_isa isa, int threads);
CK_API void ck_context_destroy(ck_context *context);
/* Highest until set. Set it before kernels run on the context, not while they do. */
CK_API void ck_context_set_precision(ck_context *context, ck_precision precision);
CK_API ck_precision ck_context_precision(const ck_context *context);
CK_API ck_isa ck_context_isa(const ck_context *context);
CK_API int ck_context_threads(const ck_context *context);
/* How a loop runs on somebody's threads: calls worker(job, i) once for every i in 0 ..< workers, at the same time or
   one after another, on any threads, and returns when all have returned. `workers` is at most the context's threads. */
typedef void (*ck_parallel_function)(void *state, ptrdiff_t workers, void (*worker)(void *job, ptrdiff_t index),
                                     void *job);
/* Takes the caller's pool instead of our threads, which end; NULL starts them again. Bits stay the same. Not while
   kernels run on the context. */
CK_API ck_status ck_set_parallel_for(ck_context *context, ck_parallel_function function, void *state);
/* Whether the calling thread, and the context's threads in loops that it starts, take subnormal results and arguments
   (below 1.2e-38) for zero. IEEE float32 does not; some processors take a hundred times as long for such numbers, which
   the gradients of deep networks are full of. Returns what it was. The other controls of the caller's floating-point unit
   go along in the same way, with or without this. */
CK_API bool ck_flush_subnormals(bool flush);
/* Frees the working space that the calling thread keeps between simple calls. A thread that ends does so itself. */
CK_API void ck_release_scratch(void);
/* The cores this process may run on: what its affinity mask allows. */
CK_API int ck_available_cores(void);

/* ---- Views -------------------------------------------------------------------------------------------- */

/* `channels` channels of a signal in memory: element (b, t, c) at data[b * batch_stride + t * frame_stride + c].
   A crop in time or a slice of channels is a view, so skip connections need neither crop nor concat copies.
   Strides are not negative. An input's may be 0; an output's nest: each is at least what lies within it. */
typedef struct ck_signal {
  const float *data;
  ptrdiff_t channels, frame_stride, batch_stride;
} ck_signal;
typedef struct ck_mutable_signal {
  float *data;
  ptrdiff_t channels, frame_stride, batch_stride;
} ck_mutable_signal;

/* The same for images: element (b, y, x, c) at data[b * batch_stride + y * row_stride + x * pixel_stride + c]. */
typedef struct ck_image {
  const float *data;
  ptrdiff_t channels, pixel_stride, row_stride, batch_stride;
} ck_image;
typedef struct ck_mutable_image {
  float *data;
  ptrdiff_t channels, pixel_stride, row_stride, batch_stride;
} ck_mutable_image;

/* ---- Epilogue: what a convolution does to a sum before it stores it ------------------------------------- */

typedef enum CK_CLOSED_ENUM ck_activation {
  ck_activation_none = 0,
  ck_activation_relu,
  ck_activation_leaky_relu, /* x > 0 ? x : slope * x */
  ck_activation_tanh,
  ck_activation_sigmoid,
  ck_activation_gated, /* tanh(s[c]) * sigmoid(s[channels / 2 + c]): half as many outputs as sums; one group only */
} ck_activation;

/* y = dropout(activation(sum + bias)) + residual. What is zero does nothing. */
typedef struct ck_epilogue {
  const float *bias; /* one a channel of the sums, or NULL */
  ck_activation activation;
  float slope; /* of leaky_relu */
  /* The probability that an element becomes zero; the others grow by 1 / (1 - dropout). Element i of the dense output
     is multiplied by what ck_random_bernoulli(key, offset, …, 1 - dropout, 1 / (1 - dropout), …) writes to y[i]. */
  float dropout;
  uint64_t dropout_key, dropout_offset;
  ck_image residual; /* as many channels as the output; a signal's frame stride is its pixel stride. May be the output */
  float *sums;       /* receives sum + bias of every channel, dense, for a gradient; NULL when nobody asks */
} ck_epilogue;

/* ---- GEMM --------------------------------------------------------------------------------------------- */

/* C = alpha * op(A) op(B) + beta * C for `batch` matrices, row major. op(A) is m × k, op(B) k × n, C m × n. */
typedef struct ck_gemm_geometry {
  bool transpose_a, transpose_b;
  ptrdiff_t m, n, k;
  float alpha, beta;
  ptrdiff_t lda, ldb, ldc; /* distance between rows as stored */
  ptrdiff_t batch, a_stride, b_stride, c_stride;
} ck_gemm_geometry;

CK_API ck_status ck_gemm(const ck_context *context, const ck_gemm_geometry *g, const float *a, const float *b,
                         float *c);
/* The same by OpenBLAS, on as many threads as the context has: for comparison, and for processors whose own BLAS is
   better than our tiles. Sets OpenBLAS to one thread of its own. Other kernels do not use it. */
CK_API ck_status ck_gemm_openblas(const ck_context *context, const ck_gemm_geometry *g, const float *a,
                                  const float *b, float *c);
CK_API void ck_gemm_reference(const ck_gemm_geometry *g, const float *a, const float *b, float *c);

/* ---- Conv1d ------------------------------------------------------------------------------------------- */

/* y[b, t, o] = Σ_k Σ_i x[b, t * stride + k * dilation - pad_left, i] · w[k, i, o], x = 0 outside its frames.
   With groups, output channel o reads the input channels of its group only. Padding may be negative: a crop, of
   no more than there is. Batch, frames and channels may be 0; groups divide both channel counts. */
typedef struct ck_conv1d_geometry {
  ptrdiff_t batch, input_frames, input_channels, output_channels;
  ptrdiff_t kernel_size, stride, dilation, groups;
  ptrdiff_t pad_left, pad_right;
} ck_conv1d_geometry;

/* (input_frames + pad_left + pad_right - dilation * (kernel_size - 1) - 1) / stride + 1, or 0 when that is
   negative or the geometry is none. */
CK_API ptrdiff_t ck_conv1d_output_frames(const ck_conv1d_geometry *g);

/* The three faces of one trilinear form. Inputs stand side by side: the channels of inputs[0] come first, and the
   counts add up to input_channels (with groups > 1: one input). `epilogue` may be NULL. Outputs are dense, or with
   `_into` a view. The input gradient writes every element of every view it is given. With an epilogue it is the
   transposed convolution of a layer: from [batch, output frames, output channels] to input frames and channels. */
CK_API ck_status ck_conv1d(const ck_context *context, const ck_conv1d_geometry *g, ptrdiff_t input_count,
                           const ck_signal *inputs, const float *weights, const ck_epilogue *epilogue,
                           float *output);
CK_API ck_status ck_conv1d_into(const ck_context *context, const ck_conv1d_geometry *g, ptrdiff_t input_count,
                                const ck_signal *inputs, const float *weights, const ck_epilogue *epilogue,
                                const ck_mutable_signal *output);
CK_API ck_status ck_conv1d_transposed(const ck_context *context, const ck_conv1d_geometry *g, const float *input,
                                      const float *weights, const ck_epilogue *epilogue,
                                      const ck_mutable_signal *output);
CK_API ck_status ck_conv1d_input_gradient(const ck_context *context, const ck_conv1d_geometry *g,
                                          const float *output_gradient, const float *weights,
                                          ptrdiff_t input_count, const ck_mutable_signal *input_gradients);
CK_API ck_status ck_conv1d_weight_gradient(const ck_context *context, const ck_conv1d_geometry *g,
                                           ptrdiff_t input_count, const ck_signal *inputs,
                                           const float *output_gradient, float *weight_gradient);
CK_API void ck_conv1d_reference(const ck_conv1d_geometry *g, ptrdiff_t input_count, const ck_signal *inputs,
                                const float *weights, const ck_epilogue *epilogue, float *output);
CK_API void ck_conv1d_transposed_reference(const ck_conv1d_geometry *g, const float *input, const float *weights,
                                            const ck_epilogue *epilogue, const ck_mutable_signal *output);
CK_API void ck_conv1d_input_gradient_reference(const ck_conv1d_geometry *g, const float *output_gradient,
                                               const float *weights, ptrdiff_t input_count,
                                               const ck_mutable_signal *input_gradients);
CK_API void ck_conv1d_weight_gradient_reference(const ck_conv1d_geometry *g, ptrdiff_t input_count,
                                                const ck_signal *inputs, const float *output_gradient,
                                                float *weight_gradient);

/* ---- Conv2d ------------------------------------------------------------------------------------------- */

/* As conv1d over rows and columns; weights [kernel_height, kernel_width, input channels / groups, output channels]. */
typedef struct ck_conv2d_geometry {
  ptrdiff_t batch, input_height, input_width, input_channels, output_channels;
  ptrdiff_t kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width, groups;
  ptrdiff_t pad_top, pad_bottom, pad_left, pad_right;
} ck_conv2d_geometry;

CK_API ptrdiff_t ck_conv2d_output_height(const ck_conv2d_geometry *g);
CK_API ptrdiff_t ck_conv2d_output_width(const ck_conv2d_geometry *g);
CK_API ck_status ck_conv2d(const ck_context *context, const ck_conv2d_geometry *g, ptrdiff_t input_count,
                           const ck_image *inputs, const float *weights, const ck_epilogue *epilogue,
                           float *output);
CK_API ck_status ck_conv2d_into(const ck_context *context, const ck_conv2d_geometry *g, ptrdiff_t input_count,
                                const ck_image *inputs, const float *weights, const ck_epilogue *epilogue,
                                const ck_mutable_image *output);
CK_API ck_status ck_conv2d_transposed(const ck_context *context, const ck_conv2d_geometry *g, const float *input,
                                      const float *weights, const ck_epilogue *epilogue,
                                      const ck_mutable_image *output);
CK_API ck_status ck_conv2d_input_gradient(const ck_context *context, const ck_conv2d_geometry *g,
                                          const float *output_gradient, const float *weights,
                                          ptrdiff_t input_count, const ck_mutable_image *input_gradients);
CK_API ck_status ck_conv2d_weight_gradient(const ck_context *context, const ck_conv2d_geometry *g,
                                           ptrdiff_t input_count, const ck_image *inputs,
                                           const float *output_gradient, float *weight_gradient);
CK_API void ck_conv2d_reference(const ck_conv2d_geometry *g, ptrdiff_t input_count, const ck_image *inputs,
                                const float *weights, const ck_epilogue *epilogue, float *output);
CK_API void ck_conv2d_transposed_reference(const ck_conv2d_geometry *g, const float *input, const float *weights,
                                            const ck_epilogue *epilogue, const ck_mutable_image *output);
CK_API void ck_conv2d_input_gradient_reference(const ck_conv2d_geometry *g, const float *output_gradient,
                                               const float *weights, ptrdiff_t input_count,
                                               const ck_mutable_image *input_gradients);
CK_API void ck_conv2d_weight_gradient_reference(const ck_conv2d_geometry *g, ptrdiff_t input_count,
                                                const ck_image *inputs, const float *output_gradient,
                                                float *weight_gradient);

/* ---- Plans ------------------------------------------------------------------------------------------- */

/* A convolution, one of its gradients or a matrix product, prepared: weights are packed once, working space is the
   caller's, and a run allocates nothing. A plan is immutable and may be run by any number of threads at once, each with
   a workspace of its own; the context must outlive it, and keeps its threads. Bits are those of the simple call.

     ck_plan *plan;
     ck_plan_conv1d(context, &geometry, ck_pass_forward, 1, NULL, NULL, &plan);
     void *packed = malloc(ck_plan_packed_size(plan)), *workspace = malloc(ck_plan_workspace_size(plan));
     ck_plan_pack(plan, weights, packed, ck_plan_packed_size(plan), workspace, ck_plan_workspace_size(plan));
     ck_run_conv1d(plan, &input, packed, ck_plan_packed_size(plan), epilogue, output, workspace,
                   ck_plan_workspace_size(plan));

   Packed weights and workspaces are aligned to 64 bytes or lose up to 64 bytes to alignment, which the sizes include.
   Packed weights hold no pointers and may be copied and shared; they belong to plans of equal geometry, pass, views,
   instruction set and library version, and any other plan refuses them (ck_status_invalid_argument). */
typedef struct ck_plan ck_plan;
typedef enum CK_CLOSED_ENUM ck_pass {
  ck_pass_forward = 0,
  ck_pass_input_gradient,
  ck_pass_weight_gradient, /* packs nothing: `packed` may be NULL */
} ck_pass;

/* `input_count` views with these channels and strides will stand side by side (NULL: one dense view), and there will be
   an epilogue of this kind, or none: its activation, whether it drops, keeps sums, adds a residual and with which strides.
   No pointer is followed or kept. With an epilogue the input gradient is the transposed convolution of a layer. */
CK_API ck_status ck_plan_conv1d(const ck_context *context, const ck_conv1d_geometry *g, ck_pass pass,
                                ptrdiff_t input_count, const ck_signal *inputs, const ck_epilogue *epilogue,
                                ck_plan **plan);
CK_API ck_status ck_plan_conv2d(const ck_context *context, const ck_conv2d_geometry *g, ck_pass pass,
                                ptrdiff_t input_count, const ck_image *inputs, const ck_epilogue *epilogue,
                                ck_plan **plan);
/* B is packed. One product: batch <= 1, otherwise ck_status_unsupported. Where the simple call would not pack B (at most
   64 rows, Aᵀ·B) the last bits may differ from its. */
CK_API ck_status ck_plan_gemm(const ck_context *context, const ck_gemm_geometry *g, ck_plan **plan);
CK_API void ck_plan_destroy(ck_plan *plan);
/* In bytes. */
CK_API size_t ck_plan_workspace_size(const ck_plan *plan);
CK_API size_t ck_plan_packed_size(const ck_plan *plan);
CK_API ck_status ck_plan_pack(const ck_plan *plan, const float *weights, void *packed, size_t packed_size,
                              void *workspace, size_t workspace_size);
CK_API ck_status ck_run_conv1d(const ck_plan *plan, const ck_signal *inputs, const void *packed,
                               size_t packed_size, const ck_epilogue *epilogue, float *output, void *workspace,
                               size_t workspace_size);
CK_API ck_status ck_run_conv1d_input_gradient(const ck_plan *plan, const float *output_gradient,
                                              const void *packed, size_t packed_size,
                                              const ck_epilogue *epilogue,
                                              const ck_mutable_signal *input_gradients, void *workspace,
                                              size_t workspace_size);
CK_API ck_status ck_run_conv1d_weight_gradient(const ck_plan *plan, const ck_signal *inputs,
                                               const float *output_gradient, float *weight_gradient,
                                               void *workspace, size_t workspace_size);
CK_API ck_status ck_run_conv2d(const ck_plan *plan, const ck_image *inputs, const void *packed,
                               size_t packed_size, const ck_epilogue *epilogue, float *output, void *workspace,
                               size_t workspace_size);
CK_API ck_status ck_run_conv2d_input_gradient(const ck_plan *plan, const float *output_gradient,
                                              const void *packed, size_t packed_size,
                                              const ck_epilogue *epilogue,
                                              const ck_mutable_image *input_gradients, void *workspace,
                                              size_t workspace_size);
CK_API ck_status ck_run_conv2d_weight_gradient(const ck_plan *plan, const ck_image *inputs,
                                               const float *output_gradient, float *weight_gradient,
                                               void *workspace, size_t workspace_size);
CK_API ck_status ck_run_gemm(const ck_plan *plan, const float *a, const void *packed, size_t packed_size,
                             float *c, void *workspace, size_t workspace_size);

/* ---- im2col ------------------------------------------------------------------------------------------- */

/* columns[b, t, k, i] = x[b, t * stride + k * dilation - pad_left, i] (all input channels; groups play no part). */
CK_API ck_status ck_im2col1d(const ck_context *context, const ck_conv1d_geometry *g, const float *input,
                             float *columns);
/* The adjoint: adds every column back where it came from, into an input written whole. */
CK_API ck_status ck_col2im1d(const ck_context *context, const ck_conv1d_geometry *g, const float *columns,
                             float *input);
CK_API ck_status ck_im2col2d(const ck_context *context, const ck_conv2d_geometry *g, const float *input,
                             float *columns);
CK_API ck_status ck_col2im2d(const ck_context *context, const ck_conv2d_geometry *g, const float *columns,
                             float *input);
CK_API void ck_im2col1d_reference(const ck_conv1d_geometry *g, const float *input, float *columns);
CK_API void ck_col2im1d_reference(const ck_conv1d_geometry *g, const float *columns, float *input);
CK_API void ck_im2col2d_reference(const ck_conv2d_geometry *g, const float *input, float *columns);
CK_API void ck_col2im2d_reference(const ck_conv2d_geometry *g, const float *columns, float *input);

/* ---- Resampling along time ---------------------------------------------------------------------------- */

/* Doubling: y[2i] = x[i]; y[2i+1] = mix[c] · x[i] + (1 - mix[c]) · x[i+1], mix = ½ when NULL (linear interpolation). */
typedef enum CK_CLOSED_ENUM ck_upsample_edge {
  ck_upsample_interior = 0, /* n → 2n - 1: only between known neighbours */
  ck_upsample_replicate,    /* n → 2n: x[n] is x[n-1] */
  ck_upsample_zero,         /* n → 2n: x[n] is 0 */
} ck_upsample_edge;
typedef struct ck_upsample_geometry {
  ptrdiff_t batch, frames, channels;
  ck_upsample_edge edge;
} ck_upsample_geometry;
CK_API ptrdiff_t ck_upsample_output_frames(const ck_upsample_geometry *g);
CK_API ck_status ck_upsample(const ck_context *context, const ck_upsample_geometry *g, const float *mix,
                             const float *x, float *y);
CK_API ck_status ck_upsample_adjoint(const ck_context *context, const ck_upsample_geometry *g,
                                     const float *mix, const float *y, float *x);
/* mix_gradient[c] = Σ_b,i y[2i+1] · (x[i] - x[i+1]). */
CK_API ck_status ck_upsample_mix_gradient(const ck_context *context, const ck_upsample_geometry *g,
                                          const float *x, const float *y, float *mix_gradient);
CK_API void ck_upsample_reference(const ck_upsample_geometry *g, const float *mix, const float *x, float *y);
CK_API void ck_upsample_adjoint_reference(const ck_upsample_geometry *g, const float *mix, const float *y,
                                          float *x);
CK_API void ck_upsample_mix_gradient_reference(const ck_upsample_geometry *g, const float *x, const float *y,
                                               float *mix_gradient);

/* y[b, i] = x[b, i * factor], i = 0 …; output frames (frames + factor - 1) / factor. The adjoint stuffs zeros. */
CK_API ck_status ck_decimate(const ck_context *context, ptrdiff_t batch, ptrdiff_t frames, ptrdiff_t channels,
                             ptrdiff_t factor, const float *x, float *y);
CK_API ck_status ck_decimate_adjoint(const ck_context *context, ptrdiff_t batch, ptrdiff_t frames,
                                     ptrdiff_t channels, ptrdiff_t factor, const float *y, float *x);
CK_API void ck_decimate_reference(ptrdiff_t batch, ptrdiff_t frames, ptrdiff_t channels, ptrdiff_t factor,
                                  const float *x, float *y);
CK_API void ck_decimate_adjoint_reference(ptrdiff_t batch, ptrdiff_t frames, ptrdiff_t channels,
                                          ptrdiff_t factor, const float *y, float *x);

/* Hann-windowed sinc low-pass of `taps` (odd) values with cutoff 0.5 / factor cycles per sample and unit sum: the
   fixed filter of a depthwise resampling convolution. */
CK_API ck_status ck_sinc_filter(ptrdiff_t taps, ptrdiff_t factor, float *filter);

/* ---- Pooling ------------------------------------------------------------------------------------------ */

/* Windows over [batch, height, width, channels]; a signal is an image of height 1. Padding counts as -∞ for the
   maximum and is left out of the mean's divisor. Ties take the first element. */
typedef struct ck_pool_geometry {
  ptrdiff_t batch, input_height, input_width, channels;
  ptrdiff_t window_height, window_width, stride_height, stride_width;
  ptrdiff_t pad_top, pad_bottom, pad_left, pad_right;
} ck_pool_geometry;
CK_API ptrdiff_t ck_pool_output_height(const ck_pool_geometry *g);
CK_API ptrdiff_t ck_pool_output_width(const ck_pool_geometry *g);
/* `indices` (may be NULL) receives, for every output element, the flat position of its maximum in the whole input. */
CK_API ck_status ck_max_pool(const ck_context *context, const ck_pool_geometry *g, const float *x, float *y,
                             int32_t *indices);
/* Pooling at known positions, y[j] = x[indices[j]], and its adjoint, which writes every x (0 where none points). */
CK_API ck_status ck_pool_at(const ck_context *context, const ck_pool_geometry *g, const int32_t *indices,
                            const float *x, float *y);
CK_API ck_status ck_pool_at_adjoint(const ck_context *context, const ck_pool_geometry *g,
                                    const int32_t *indices, const float *y, float *x);
CK_API ck_status ck_average_pool(const ck_context *context, const ck_pool_geometry *g, const float *x,
                                 float *y);
CK_API ck_status ck_average_pool_adjoint(const ck_context *context, const ck_pool_geometry *g, const float *y,
                                         float *x);
CK_API void ck_max_pool_reference(const ck_pool_geometry *g, const float *x, float *y, int32_t *indices);
CK_API void ck_pool_at_reference(const ck_pool_geometry *g, const int32_t *indices, const float *x, float *y);
CK_API void ck_pool_at_adjoint_reference(const ck_pool_geometry *g, const int32_t *indices, const float *y,
                                         float *x);
CK_API void ck_average_pool_reference(const ck_pool_geometry *g, const float *x, float *y);
CK_API void ck_average_pool_adjoint_reference(const ck_pool_geometry *g, const float *y, float *x);

/* ---- Elementwise -------------------------------------------------------------------------------------- */

/* y may be x. `a` and `b` are the parameters of the operations that have some. */
typedef enum CK_CLOSED_ENUM ck_unary_op {
  ck_unary_negate, ck_unary_absolute, ck_unary_sign, ck_unary_square, ck_unary_sqrt, ck_unary_reciprocal,
  ck_unary_exp, ck_unary_expm1, ck_unary_log, ck_unary_log1p, ck_unary_tanh, ck_unary_sigmoid, ck_unary_softplus,
  ck_unary_relu,
  ck_unary_leaky_relu, /* x > 0 ? x : a·x */
  ck_unary_step,       /* x > 0 ? 1 : a */
  ck_unary_affine,     /* a·x + b */
  ck_unary_clamp,      /* min(max(x, a), b) */
  ck_unary_inside,     /* a <= x <= b ? 1 : 0 */
  ck_unary_power,      /* x ^ a */
  ck_unary_sin, ck_unary_cos,
} ck_unary_op;
CK_API ck_status ck_unary(const ck_context *context, ck_unary_op op, float a, float b, ptrdiff_t count,
                          const float *x, float *y);
CK_API void ck_unary_reference(ck_unary_op op, float a, float b, ptrdiff_t count, const float *x, float *y);

typedef enum CK_CLOSED_ENUM ck_binary_op {
  ck_binary_add, ck_binary_subtract, ck_binary_multiply, ck_binary_divide, ck_binary_maximum, ck_binary_minimum,
  ck_binary_greater,                   /* x > y ? 1 : 0 */
  ck_binary_reverse_subtract,          /* y - x */
  ck_binary_reverse_divide,            /* y / x */
  ck_binary_scaled_add,                /* x + a·y */
  ck_binary_relu_gradient,             /* x > 0 ? y : 0;             x = relu(input) or input, y = cotangent */
  ck_binary_leaky_relu_gradient,       /* x > 0 ? y : a·y */
  ck_binary_tanh_gradient,             /* (1 - x²) · y;              x = tanh(input) */
  ck_binary_sigmoid_gradient,          /* x · (1 - x) · y;           x = sigmoid(input) */
} ck_binary_op;
/* z = op(x, y); z may be x or y. */
CK_API ck_status ck_binary(const ck_context *context, ck_binary_op op, float a, ptrdiff_t count,
                           const float *x, const float *y, float *z);
/* z[o, m, i] = op(x[o, m, i], y[m]): y is a row, a column, or (middle = 1) one number. z may be x. */
CK_API ck_status ck_binary_broadcast(const ck_context *context, ck_binary_op op, float a, ptrdiff_t outer,
                                     ptrdiff_t middle, ptrdiff_t inner, const float *x, const float *y,
                                     float *z);
CK_API void ck_binary_reference(ck_binary_op op, float a, ptrdiff_t count, const float *x, const float *y,
                                float *z);
CK_API void ck_binary_broadcast_reference(ck_binary_op op, float a, ptrdiff_t outer, ptrdiff_t middle,
                                          ptrdiff_t inner, const float *x, const float *y, float *z);

/* ---- Gated unit --------------------------------------------------------------------------------------- */

/* y[f, c] = tanh(x[f, c]) · sigmoid(x[f, channels + c]): x is frames × 2·channels, y is frames × channels. */
CK_API ck_status ck_gated(const ck_context *context, ptrdiff_t frames, ptrdiff_t channels, const float *x,
                          float *y);
/* The cotangent of x for one of y. x_gradient may be x. */
CK_API ck_status ck_gated_gradient(const ck_context *context, ptrdiff_t frames, ptrdiff_t channels,
                                   const float *x, const float *y_gradient, float *x_gradient);
CK_API void ck_gated_reference(ptrdiff_t frames, ptrdiff_t channels, const float *x, float *y);
CK_API void ck_gated_gradient_reference(ptrdiff_t frames, ptrdiff_t channels, const float *x,
                                        const float *y_gradient, float *x_gradient);

/* ---- Activation gradients ----------------------------------------------------------------------------- */

/* From the activations' outputs y (pixels × channels) and the gradient of y to that of the sums before them, and to
   the bias's: gradient = y_gradient · activation'(y), bias_gradient[c] = Σ over pixels of gradient[c], unless NULL.
   relu and leaky_relu (slope >= 0) are told from the sign of y; `none` does not read y. For `gated`, y holds the sums
   themselves (an epilogue's `sums`), `channels` counts them (both halves), and y_gradient has half as many.
   gradient may be y, or (except gated) y_gradient. */
CK_API ck_status ck_activation_gradient(const ck_context *context, ck_activation activation, float slope,
                                        ptrdiff_t pixels, ptrdiff_t channels, const float *y, const float *y_gradient,
                                        float *gradient, float *bias_gradient);
CK_API void ck_activation_gradient_reference(ck_activation activation, float slope, ptrdiff_t pixels,
                                             ptrdiff_t channels, const float *y, const float *y_gradient,
                                             float *gradient, float *bias_gradient);

/* ---- Reductions --------------------------------------------------------------------------------------- */

typedef enum CK_CLOSED_ENUM ck_reduce_op {
  ck_reduce_sum, ck_reduce_sum_of_squares, ck_reduce_maximum, ck_reduce_minimum,
} ck_reduce_op;
/* y[o, i] = op over n of x[o, n, i]. Sums run over fixed blocks in a fixed order, each block in float32 with several
   accumulators and the blocks in float64: error grows with the block, not with the count. Empty: 0, -∞, +∞. */
CK_API ck_status ck_reduce(const ck_context *context, ck_reduce_op op, ptrdiff_t outer, ptrdiff_t count,
                           ptrdiff_t inner, const float *x, float *y);
/* sum = Σ x·y, summed as above. */
CK_API ck_status ck_dot(const ck_context *context, ptrdiff_t count, const float *x, const float *y,
                        double *sum);
/* Mean and population variance over n of x[o, n, i] (two passes). */
CK_API ck_status ck_moments(const ck_context *context, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner,
                            const float *x, float *mean, float *variance);
/* y[o, i] = Σ over n of x[o, n, i] · z[o, n, i], summed as ck_reduce sums. */
CK_API ck_status ck_reduce_products(const ck_context *context, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner,
                                    const float *x, const float *z, float *y);
/* y[o, i] = the first n with the largest x[o, n, i]; 0 when there are none. */
CK_API ck_status ck_argmax(const ck_context *context, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner,
                           const float *x, int32_t *y);
CK_API void ck_reduce_reference(ck_reduce_op op, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner,
                                const float *x, float *y);
CK_API double ck_dot_reference(ptrdiff_t count, const float *x, const float *y);
CK_API void ck_moments_reference(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x,
                                 float *mean, float *variance);
CK_API void ck_reduce_products_reference(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x,
                                         const float *z, float *y);
CK_API void ck_argmax_reference(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x,
                                int32_t *y);

/* ---- Scaling -------------------------------------------------------------------------------------------- */

/* y[o, n, i] = x[o, n, i] · a[o, i] + b[o, i], or the same added to y when `accumulate` is not 0; b may be NULL for
   0. y may be x. What normalisations and their derivatives do with a signal. */
CK_API ck_status ck_scale(const ck_context *context, ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x,
                          const float *a, const float *b, int accumulate, float *y);
CK_API void ck_scale_reference(ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, const float *x, const float *a,
                               const float *b, int accumulate, float *y);

/* ---- Layout: moving without arithmetic ---------------------------------------------------------------- */

enum { ck_max_rank = 6 };
/* y[Σ index·y_strides] = x[Σ index·x_strides] for every index below `shape` (rank 0 … ck_max_rank). Strides count
   elements and may be negative; an x stride of 0 repeats; y strides nest, in any order. Permuting, slicing,
   padding, concatenating and broadcasting are all this. */
CK_API ck_status ck_copy_strided(const ck_context *context, ptrdiff_t rank, const ptrdiff_t *shape,
                                 const float *x, const ptrdiff_t *x_strides, float *y,
                                 const ptrdiff_t *y_strides);
/* The same, adding to y. */
CK_API ck_status ck_add_strided(const ck_context *context, ptrdiff_t rank, const ptrdiff_t *shape,
                                const float *x, const ptrdiff_t *x_strides, float *y,
                                const ptrdiff_t *y_strides);
CK_API ck_status ck_fill(const ck_context *context, ptrdiff_t count, float value, float *y);
/* y[j, :] = table[indices[j], :], 0 <= indices[j] < table_rows; the adjoint adds y's rows to a table it writes whole, in order of j. */
CK_API ck_status ck_gather_rows(const ck_context *context, ptrdiff_t count, ptrdiff_t columns,
                                ptrdiff_t table_rows, const int32_t *indices, const float *table, float *y);
CK_API ck_status ck_gather_rows_adjoint(const ck_context *context, ptrdiff_t count, ptrdiff_t columns,
                                        ptrdiff_t table_rows, const int32_t *indices, const float *y,
                                        float *table);
CK_API void ck_copy_strided_reference(ptrdiff_t rank, const ptrdiff_t *shape, const float *x,
                                      const ptrdiff_t *x_strides, float *y, const ptrdiff_t *y_strides);
CK_API void ck_add_strided_reference(ptrdiff_t rank, const ptrdiff_t *shape, const float *x,
                                     const ptrdiff_t *x_strides, float *y, const ptrdiff_t *y_strides);
CK_API void ck_gather_rows_reference(ptrdiff_t count, ptrdiff_t columns, const int32_t *indices,
                                     const float *table, float *y);
CK_API void ck_gather_rows_adjoint_reference(ptrdiff_t count, ptrdiff_t columns, ptrdiff_t table_rows,
                                             const int32_t *indices, const float *y, float *table);

/* ---- Streams ------------------------------------------------------------------------------------------ */

/* A causal network run frame by frame, or block by block: what it needs of the past is kept, so that a frame costs its
   own work only. A stream is an ordered program of layers; its state is plain memory of the caller's.

     ck_stream *stream;
     ck_stream_create(context, ck_stream_float32, &stream);
     ck_stream_add_input(stream, 1, &x);
     ck_stream_add_layer(stream, &layer, &y);           … as many as there are
     ck_stream_finish(stream, y);
     size_t size = ck_stream_state_size(stream, batch, block);
     void *state = aligned_alloc(64, size);             a multiple of 64
     ck_stream_start(stream, batch, block, 0, state, size);
     ck_stream_process(stream, state, size, frames, x, y);

   Clock     Frame i of a signal with period P comes at the clock i · P; the input's period is 1. Strides multiply it,
             transposed layers divide it. Between its frames a signal keeps its latest one. Before the first frame
             every signal is zero, and symbols are none.
   Latency   None: y[t] is a function of x up to t. A host that gathers blocks waits for a block.
   Bits      A batch, blocks of any length and single frames give the same numbers, to the bit.
   Memory    ck_stream_finish packs the weights; ck_stream_process allocates nothing, takes no lock and makes no system
             call. States hold no pointers: a copy of the bytes is a copy of the state. They belong to their stream.
   Threads   A finished stream is immutable: any number of threads may run states of it. One state, one thread. */
typedef struct ck_stream ck_stream;

/* How weights are kept. They are expanded in registers; sums are float32 in all. */
typedef enum CK_CLOSED_ENUM ck_stream_weights {
  ck_stream_float32 = 0,
  ck_stream_fixed24,  /* three bytes: 24-bit fixed point, within 2^-23 of the largest weight of each sum */
  ck_stream_bfloat16, /* two bytes: each within 2^-8 of itself */
} ck_stream_weights;

/* A table's rows for the input's latest symbols: y[t, c] = bias[c] + Σ_k table[k][symbol[t - (kernel_size - 1 - k)]][c],
   which is a convolution of one-hot vectors, and for kernel_size 1 an embedding. Symbols outside 0 ..< symbols add
   nothing. Bias may be NULL. Kept as float32. */
typedef struct ck_stream_lookup {
  ptrdiff_t symbols, kernel_size, channels;
  const float *table; /* [kernel_size, symbols, channels] */
  const float *bias;
} ck_stream_lookup;

/* y = final(activation(conv(inputs side by side) + bias) + residual): the layouts of ck_conv1d, zeros in front only.

     conv         y[q] = Σ_k w[k]·x[q·stride - (kernel_size - 1 - k)·dilation], w = [kernel_size, input channels, sums]
     transposed   y[u] = Σ_k w[k]ᵀ·x[(u - k) / stride] over the k where that is whole, w = [kernel_size, sums, input
                  channels]; kernel_size >= stride, dilation 1, and the inputs' period is a multiple of the stride

   Signals are the numbers that ck_stream_add_… gave; inputs have one period. The residual is a signal's latest frame, at
   whatever rate: 0 for none. Sums are the channels, twice as many for `gated`. Nothing of this is kept but copies. */
typedef struct ck_stream_layer {
  ptrdiff_t input_count;
  const int32_t *inputs;
  bool transposed;
  ptrdiff_t kernel_size, stride, dilation, sums;
  const float *weights;
  const float *bias;
  ck_activation activation;
  float slope; /* of leaky_relu */
  int32_t residual;
  ck_activation final_activation; /* not gated */
} ck_stream_layer;

CK_API ck_status ck_stream_create(const ck_context *context, ck_stream_weights weights, ck_stream **stream);
CK_API void ck_stream_destroy(ck_stream *stream);
/* One of them, first: numbers, or symbols for a lookup. */
CK_API ck_status ck_stream_add_input(ck_stream *stream, ptrdiff_t channels, int32_t *signal);
CK_API ck_status ck_stream_add_lookup(ck_stream *stream, const ck_stream_lookup *lookup, int32_t *signal);
CK_API ck_status ck_stream_add_layer(ck_stream *stream, const ck_stream_layer *layer, int32_t *signal);
/* The output is a signal of period 1. Nothing can be added after. */
CK_API ck_status ck_stream_finish(ck_stream *stream, int32_t output);

typedef struct ck_stream_facts {
  ptrdiff_t input_channels; /* 0: symbols */
  ptrdiff_t output_channels;
  ptrdiff_t cycle;          /* frames after which the same layers are due */
  size_t weight_bytes;      /* packed */
  double bytes_per_frame;   /* of weights read, on average over a cycle, for one stream frame by frame */
  double products_per_frame; /* multiply-adds, likewise */
} ck_stream_facts;
CK_API ck_status ck_stream_describe(const ck_stream *stream, ck_stream_facts *facts);

/* In bytes, for `batch` parallel streams and at most `block` frames a call; 0 for sizes that are none. */
CK_API size_t ck_stream_state_size(const ck_stream *stream, ptrdiff_t batch, ptrdiff_t block);
/* The state before a first frame at the clock `phase` (from 0): everything is zero. */
CK_API ck_status ck_stream_start(const ck_stream *stream, ptrdiff_t batch, ptrdiff_t block, ptrdiff_t phase,
                                 void *state, size_t size);
/* x: [batch, frames, input channels], or symbols [batch, frames]; y: [batch, frames, output channels], or NULL, which
   only moves the state on and leaves out what only the output needs. 0 to `block` frames. */
CK_API ck_status ck_stream_process(const ck_stream *stream, void *state, size_t size, ptrdiff_t frames, const float *x,
                                   float *y);
CK_API ck_status ck_stream_process_symbols(const ck_stream *stream, void *state, size_t size, ptrdiff_t frames,
                                           const int32_t *symbols, float *y);
/* One layer over whole signals that begin at the clock 0: inputs[i] is [input_frames, channels[i]], y has
   input_frames · stride frames when transposed, else ⌈input_frames / stride⌉; frame j of y adds
   residual[⌊j · residual_rate⌋]. */
CK_API void ck_stream_layer_reference(const ck_stream_layer *layer, ptrdiff_t input_frames, const float *const *inputs,
                                      const ptrdiff_t *channels, const float *residual, double residual_rate, float *y);

/* A program that travels: what was added to a stream, with its weights in float32, as bytes that any process may read,
   in any format. The library opens no files: whoever calls it writes the bytes, and maps or reads them.

     size_t size = ck_stream_program_size(stream, length);   before ck_stream_finish: it packs the weights away
     ck_stream_write_program(stream, y, note, length, bytes, size);
     …
     ck_stream_read_program(context, ck_stream_fixed24, bytes, size, &stream);   then ck_stream_state_size, and so on

   The note is the writer's: text of any kind, such as JSON that names the model and its sample rate. Equal streams with
   equal notes make equal bytes. A stream that was read is finished, and computes the same bits as the stream that was
   written, once that is finished in the same format.

   Latency   As above: none but the host's block, in every program, as no layer sees the future. Reading allocates, and
             takes time (a pass over the bytes, then packing): not in an audio thread. Processing does neither.
   Layout    Little endian. Everything begins at a multiple of 64 bytes, after zeros: in a mapped file the weights are
             where they would be in memory. Numbers are unsigned unless it is said.
               head     0 "CKSTREAM" · 8 uint32 version: 1 · 12 uint32 CRC-32 (as in zlib) of all bytes from 16 on ·
                        16 uint64 length of all · 24 uint64 length of the note · 32 int32 output's signal · zeros to 64
               note     its bytes and at least one zero
               entries  one for each ck_stream_add_…, in order, to the end: 16 times four bytes, then what belongs to it
                 uint32   0 kind · 4 channels · 8 kernel_size · 12 symbols · 16 input_count · 20 transposed: 0 or 1 ·
                          24 stride · 28 dilation · 32 activation · 36 final_activation (as ck_activation numbers them)
                 others   40 float32 slope · 44 int32 residual · zeros to 64
                 kind 1   an input: channels
                 kind 2   a lookup: kernel_size, symbols, channels; then the table, then the bias
                 kind 3   a layer: `channels` are its sums, and all but symbols; then int32 inputs, weights, bias
               Fields that a kind has not are 0. A bias is always there. Weights, tables and biases are float32.
   Errors    Bytes may come from anybody: those that are no program, cut off, longer, altered or at odds with themselves
             are ck_status_invalid_argument; another version, and weights that are not finite in fixed24,
             ck_status_unsupported; what a layer says is checked as ck_stream_add_… and ck_stream_finish check it, with
             their statuses. After any but ck_status_ok *stream is as it was, and nothing is kept. The checksum finds
             accidents; malice is bounded by the bytes: a small program may still ask for a large state (see
             ck_stream_state_size). */

/* 0 for a stream that is finished or has no layers, and for a note without end. */
CK_API size_t ck_stream_program_size(const ck_stream *stream, size_t note_length);
/* `output` as for ck_stream_finish, which may follow. `bytes` at any address, of at least that size; what lies behind
   is left alone. `note` may be NULL when its length is 0. */
CK_API ck_status ck_stream_write_program(const ck_stream *stream, int32_t output, const char *note, size_t note_length,
                                         void *bytes, size_t size);
/* `bytes` aligned to 4, `size` exactly the program's length. They are not needed after. Destroy as any other stream. */
CK_API ck_status ck_stream_read_program(const ck_context *context, ck_stream_weights weights, const void *bytes,
                                        size_t size, ck_stream **stream);
/* Where the note lies in the caller's bytes, a zero behind it; checks all but the layers. */
CK_API ck_status ck_stream_program_note(const void *bytes, size_t size, const char **note, size_t *note_length);

/* ---- Random numbers ----------------------------------------------------------------------------------- */

/* Philox4x32-10: element i is a pure function of (key, offset + i), so streams need no state but a position. The
   bits are the same for every instruction set. `uniform` is in [low, high); `normal` by Box–Muller; `bernoulli`
   writes `value` with probability p, else 0. */
CK_API ck_status ck_random_uniform(const ck_context *context, uint64_t key, uint64_t offset, ptrdiff_t count,
                                   float low, float high, float *y);
CK_API ck_status ck_random_normal(const ck_context *context, uint64_t key, uint64_t offset, ptrdiff_t count,
                                  float mean, float deviation, float *y);
CK_API ck_status ck_random_bernoulli(const ck_context *context, uint64_t key, uint64_t offset,
                                     ptrdiff_t count, float p, float value, float *y);
/* The 32 random bits at one position. */
CK_API uint32_t ck_random_bits(uint64_t key, uint64_t offset);
/* Dropout, and its gradient: y[i] = x[i] · what ck_random_bernoulli(key, offset, count, 1 - p, 1 / (1 - p), …) writes at
   i, which is made on the way and stored nowhere. y may be x. */
CK_API ck_status ck_dropout(const ck_context *context, uint64_t key, uint64_t offset, float p, ptrdiff_t count,
                            const float *x, float *y);
CK_API void ck_dropout_reference(uint64_t key, uint64_t offset, float p, ptrdiff_t count, const float *x, float *y);

/* ---- Optimiser steps, in place ------------------------------------------------------------------------ */

/* Adam, and AdamW when `decoupled`: g += decay·p (coupled) or p -= rate·decay·p (decoupled); m, v moving moments;
   p -= rate · (m / correction1) / (sqrt(v / correction2) + epsilon). */
typedef struct ck_adam {
  float rate, beta1, beta2, epsilon, decay, correction1, correction2;
  bool decoupled;
} ck_adam;
CK_API ck_status ck_adam_step(const ck_context *context, const ck_adam *adam, ptrdiff_t count, const float *g,
                              float *p, float *m, float *v);
CK_API void ck_adam_step_reference(const ck_adam *adam, ptrdiff_t count, const float *g, float *p, float *m,
                                   float *v);
/* SGD: g += decay·p; v = momentum·v + g; p -= rate·(nesterov ? g + momentum·v : v). v may be NULL without momentum. */
typedef struct ck_sgd {
  float rate, momentum, decay;
  bool nesterov;
} ck_sgd;
CK_API ck_status ck_sgd_step(const ck_context *context, const ck_sgd *sgd, ptrdiff_t count, const float *g,
                             float *p, float *v);
CK_API void ck_sgd_step_reference(const ck_sgd *sgd, ptrdiff_t count, const float *g, float *p, float *v);
/* RMSProp: g += decay·p; v = alpha·v + (1 - alpha)·g²; p -= rate·g / (sqrt(v) + epsilon). */
typedef struct ck_rmsprop {
  float rate, alpha, epsilon, decay;
} ck_rmsprop;
CK_API ck_status ck_rmsprop_step(const ck_context *context, const ck_rmsprop *rmsprop, ptrdiff_t count,
                                 const float *g, float *p, float *v);
CK_API void ck_rmsprop_step_reference(const ck_rmsprop *rmsprop, ptrdiff_t count, const float *g, float *p,
                                      float *v);

#ifdef __cplusplus
}
#endif
#endif
