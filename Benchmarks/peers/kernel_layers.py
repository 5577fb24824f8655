"""PyTorch's side of bench_kernels: prepares the layer it is told and runs one candidate at a time, when asked.

    layer BATCH {line of a shape file}   answers the candidates: forward.conv1d, backward.channels_last, …
    run NAME                             answers seconds

Candidates are PyTorch's two float32 forms of a 1-D layer, conv1d on [B, C, T] and conv2d with a (1, k) kernel on
channels_last memory; for images both memory formats; for dense layers `linear`. With --bfloat16 the same forms of
bfloat16 tensors. Backward is both gradients in one call. Inputs come joined, and padded beforehand where padding is
one-sided; ours reads the parts where they are. Bias included, activation not.

Start it with jemalloc and huge pages (scripts/bench-kernels does): PyTorch's strongest form. PyTorch 2.13 (CPU).
"""
import json, os, sys, time

threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
import torch
import torch.nn.functional as F

torch.set_num_threads(threads)
torch.set_grad_enabled(False)
torch.manual_seed(0)
clock = time.thread_time if threads == 1 else time.perf_counter
bfloat16 = "--bfloat16" in sys.argv


def pair(layer, key, otherwise, image):
    value = layer.get(key, otherwise)
    if isinstance(value, list):
        return value
    return [value, value] if image else [1, value]


def dense(layer, batch):
    x, w, b = torch.randn(batch, sum(layer["inputs"])), torch.randn(layer["outputs"], sum(layer["inputs"])), torch.randn(layer["outputs"])
    dy = torch.randn(batch, layer["outputs"])
    def back():
        return dy @ w, dy.t() @ x, dy.sum(0)
    return {"forward.linear": lambda: F.linear(x, w, b), "backward.linear": back}


def convolution(layer, batch):
    op = layer.get("op", "conv1d")
    image, transposed = "2d" in op, "transposed" in op
    I, O, groups = sum(layer["inputs"]), layer["outputs"], layer.get("groups", 1)
    kernel, stride, dilation = (pair(layer, key, 1, image) for key in ("kernel", "stride", "dilation"))
    top, bottom, left, right = (layer.get("pad_" + side, 0) for side in ("top", "bottom", "left", "right"))
    height, width = (layer["height"], layer["width"]) if image else (1, layer["frames"])
    x = torch.randn(batch, I, height, width)
    padding = [top, left]
    if (top, left) != (bottom, right):
        assert not transposed
        x, padding = F.pad(x, (left, right, top, bottom)), [0, 0]
    w = torch.randn(*((I, O // groups) if transposed else (O, I // groups)), *kernel)
    b = torch.randn(O)
    def backward(dy, x, w, flat):
        last = slice(1, 2) if flat else slice(0, 2)
        return torch.ops.aten.convolution_backward(
            dy, x, w, [O], stride[last], padding[last], dilation[last], transposed, [0] if flat else [0, 0], groups,
            [True, True, True])
    def forward(x, w, b, flat):
        last = slice(1, 2) if flat else slice(0, 2)
        return torch.ops.aten.convolution(
            x, w, b, stride[last], padding[last], dilation[last], transposed, [0] if flat else [0, 0], groups)
    candidates = {}
    def add(name, x, w, b, flat):
        dy = torch.randn_like(forward(x, w, b, flat))
        candidates["forward." + name] = lambda: forward(x, w, b, flat)
        candidates["backward." + name] = lambda: backward(dy, x, w, flat)
    last = torch.channels_last
    if image:
        add("contiguous", x, w, b, False)
    else:
        add("conv1d", x[:, :, 0].contiguous(), w[:, :, 0].contiguous(), b, True)
    add("channels_last", x.contiguous(memory_format=last), w.contiguous(memory_format=last), b, False)
    if bfloat16:
        xh, wh, bh = x.bfloat16(), w.bfloat16(), b.bfloat16()
        if not image:
            add("conv1d.bfloat16", xh[:, :, 0].contiguous(), wh[:, :, 0].contiguous(), bh, True)
        add("channels_last.bfloat16", xh.contiguous(memory_format=last), wh.contiguous(memory_format=last), bh, False)
    return candidates


def main():
    candidates = {}
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        command, rest = line.split(" ", 1)
        if command == "layer":
            batch, text = rest.split(" ", 1)
            layer = json.loads(text.strip().rstrip(","))
            candidates = (dense if layer.get("op") == "matmul" else convolution)(layer, int(batch))
            for call in candidates.values():
                call()
            print(" ".join(candidates), flush=True)
        else:
            call = candidates[rest.strip()]
            start = clock()
            call()
            print(repr(clock() - start), flush=True)


main()
