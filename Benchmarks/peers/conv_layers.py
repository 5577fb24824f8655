#!/usr/bin/env python3
"""conv1d and its gradients against PyTorch, interleaved in one process: medians in GF/s and their ratios.

    make -C Benchmarks/conv && python3 Benchmarks/peers/conv_layers.py Benchmarks/Shapes/wave-u-net.json [threads [name]]

Peers: `conv1d` is torch.nn.functional.conv1d on [B, C, T]; `nhwc` is conv2d with a (1, k) kernel on channels_last
memory, PyTorch's strongest float32 form for these shapes. Both get their inputs joined and padded beforehand where
padding is one-sided; ours reads the parts where they are. Bias included, activation not. Backward: PyTorch computes
both gradients in one call, ours is the sum of the two calls. Written against PyTorch 2.13 (CPU).
"""
import ctypes as C, json, os, statistics, sys, time

shapes, threads = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
wanted = sys.argv[3] if len(sys.argv) > 3 else ""
budget = float(os.environ.get("SECONDS_PER_LAYER", "1"))
os.environ["OMP_NUM_THREADS"] = str(threads)
import torch
import torch.nn.functional as F

torch.set_num_threads(threads)
torch.set_grad_enabled(False)
torch.manual_seed(0)
here = os.path.dirname(os.path.abspath(__file__))
ck = C.CDLL(os.path.join(here, "..", "conv", "libckconv.so"))
ck.ck_context_create.restype = C.c_void_p
context = C.c_void_p(ck.ck_context_create(2, threads))
N, P = C.c_ssize_t, C.c_void_p


class Geometry(C.Structure):
    _fields_ = [(name, N) for name in (
        "batch input_frames input_channels output_channels kernel_size stride dilation groups pad_left pad_right").split()]


class Signal(C.Structure):
    _fields_ = [("data", P), ("channels", N), ("frame_stride", N), ("batch_stride", N)]


class Epilogue(C.Structure):
    _fields_ = [("bias", P), ("activation", C.c_int), ("slope", C.c_float)]


def pointer(tensor):
    return P(tensor.data_ptr())


def seconds(call):
    clock = time.thread_time if threads == 1 else time.perf_counter
    start = clock()
    call()
    return clock() - start


def measure(layer):
    B, T, K, s, d = layer["batch"], layer["frames"], layer["kernel"], layer["stride"], layer["dilation"]
    parts, O, left, right = layer["inputs"], layer["outputs"], layer["pad_left"], layer["pad_right"]
    I = sum(parts)
    g = Geometry(B, T, I, O, K, s, d, 1, left, right)
    x, w, b = torch.randn(B, I, T), torch.randn(O, I, K) / (I * K) ** 0.5, torch.randn(O)
    padding = left
    if left != right:
        x_peer, padding = F.pad(x, (left, right)), 0
    else:
        x_peer = x
    y = F.conv1d(x_peer, w, b, s, padding, d)
    dy = torch.randn_like(y)
    cl = torch.channels_last
    x4, w4, dy4 = (t[:, :, None].contiguous(memory_format=cl) for t in (x_peer, w, dy))

    ours_x, first = [], 0
    for c in parts:
        ours_x.append(x[:, first:first + c].transpose(1, 2).contiguous())
        first += c
    ours_dx = [torch.full_like(t, float("nan")) for t in ours_x]
    signals = (Signal * len(parts))(*[Signal(t.data_ptr(), c, c, T * c) for t, c in zip(ours_x, parts)])
    gradients = (Signal * len(parts))(*[Signal(t.data_ptr(), c, c, T * c) for t, c in zip(ours_dx, parts)])
    ours_w, ours_y = w.permute(2, 1, 0).contiguous(), torch.empty(B, y.shape[2], O)
    ours_dy, ours_dw = dy.transpose(1, 2).contiguous(), torch.empty(K, I, O)
    epilogue = Epilogue(b.data_ptr(), 0, 0)

    def forward():
        ck.ck_conv1d(context, C.byref(g), N(len(parts)), signals, pointer(ours_w), C.byref(epilogue), pointer(ours_y))

    def input_gradient():
        ck.ck_conv1d_input_gradient(context, C.byref(g), pointer(ours_dy), pointer(ours_w), N(len(parts)), gradients)

    def weight_gradient():
        ck.ck_conv1d_weight_gradient(context, C.byref(g), N(len(parts)), signals, pointer(ours_dy), pointer(ours_dw))

    backward = torch.ops.aten.convolution_backward
    calls = {
        "y": forward, "dx": input_gradient, "dw": weight_gradient,
        "y 1d": lambda: F.conv1d(x_peer, w, b, s, padding, d),
        "y nhwc": lambda: F.conv2d(x4, w4, b, (1, s), (0, padding), (1, d)),
        "back 1d": lambda: backward(dy, x_peer, w, [O], [s], [padding], [d], False, [0], 1, [True, True, False]),
        "back nhwc": lambda: backward(dy4, x4, w4, [O], [1, s], [0, padding], [1, d], False, [0, 0], 1,
                                      [True, True, False]),
    }
    times = {name: [] for name in calls}
    for call in calls.values():
        call()
    spent = 0
    while spent < budget or len(times["y"]) < 3:
        for name, call in calls.items():
            times[name].append(seconds(call))
            spent += times[name][-1]

    # Errors against float64, as parts of the largest value.
    def error(got, exact):
        return float((got.double() - exact).abs().max() / exact.abs().max())
    exact = F.conv1d(x_peer[:1].double(), w.double(), b.double(), s, padding, d)
    errors = error(ours_y[:1].transpose(1, 2), exact), error(y[:1], exact)
    _, exact, _ = backward(dy.double(), x_peer.double(), w.double(), [O], [s], [padding], [d], False, [0], 1,
                           [False, True, False])
    _, torch_dw, _ = calls["back 1d"]()
    errors += error(ours_dw.permute(2, 1, 0), exact), error(torch_dw, exact)

    flops = 2 * B * y.shape[2] * I * O * K / 1e9
    m = {name: statistics.median(values) for name, values in times.items()}
    best_y, best_back = min(m["y 1d"], m["y nhwc"]), min(m["back 1d"], m["back nhwc"])
    ours_back = m["dx"] + m["dw"]
    print(f"{layer['name']:20s} y {flops/m['y']:4.0f} | torch 1d {flops/m['y 1d']:4.0f} nhwc {flops/m['y nhwc']:4.0f} |"
          f" {m['y 1d']/m['y']:5.2f} {best_y/m['y']:5.2f} || back {2*flops/ours_back:4.0f} | torch 1d"
          f" {2*flops/m['back 1d']:4.0f} nhwc {2*flops/m['back nhwc']:4.0f} | {m['back 1d']/ours_back:5.2f}"
          f" {best_back/ours_back:5.2f} || error y {errors[0]:.1e} torch {errors[1]:.1e}, dw {errors[2]:.1e} torch"
          f" {errors[3]:.1e}", flush=True)
    return m["y 1d"] / m["y"], best_y / m["y"], m["back 1d"] / ours_back, best_back / ours_back


def main():
    with open(shapes) as file:
        layers = [layer for layer in json.load(file)["layers"] if wanted in layer["name"]]
    print(f"torch {torch.__version__}, {threads} thread(s); GF/s, medians; ratios: against conv1d, against the better")
    ratios = [measure(layer) for layer in layers]
    means = [statistics.geometric_mean(column) for column in zip(*ratios)]
    print("geometric means: y {:.2f} {:.2f}, back {:.2f} {:.2f}".format(*means))


main()
