"""What PyTorch computes for the layers and losses: values and gradients, in the library's layout.

Writes layers.json. Made with Python 3.11, PyTorch 2.13.0 (CPU) and numpy 2.4.6; computed in float64 from inputs that
are exact in float32, so the fixture's error is one rounding.

    python scripts/golden/layers_golden.py Tests/SwiftDLTests/Fixtures/layers.json
"""

import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(20261122)
cases = []


def values(*shape, scale=1.0):
    """Normal numbers that float32 holds exactly."""
    numbers = scale * torch.randn(shape, generator=generator)
    return numbers.to(torch.float32).to(torch.float64).requires_grad_()


def entry(tensor):
    array = np.asarray(tensor.detach()).astype(np.float32)
    return {"shape": list(array.shape), "values": [float(str(v)) for v in array.ravel()]}


def case(kind, name, numbers, **tensors):
    cases.append({
        "kind": kind, "name": name, "numbers": numbers,
        "tensors": {key: entry(value) for key, value in tensors.items()},
    })


def differentiated(y, inputs, layout=lambda y: y):
    """y, a cotangent for it and the gradients at the inputs (dictionary: name to tensor)."""
    seed = values(*y.shape)
    parts = torch.autograd.grad(y, list(inputs.values()), seed.detach(), retain_graph=True)
    result = {"y": layout(y), "seed": layout(seed)}
    result.update({f"gradient.{name}": part for name, part in zip(inputs, parts)})
    return result


def signal(x):
    """[batch, channels, …] to [batch, …, channels] and back."""
    return x.movedim(1, -1)


def kernel(w):
    """[a, b, positions…] to [positions…, b, a]."""
    return w.permute(*range(2, w.ndim), 1, 0)


def activated(y, name, slope):
    return {
        "none": lambda: y, "relu": lambda: F.relu(y), "leakyReLU": lambda: F.leaky_relu(y, slope),
        "tanh": lambda: torch.tanh(y), "sigmoid": lambda: torch.sigmoid(y),
    }[name]()


def convolution(kind, name, x, weight, bias, compute, numbers):
    """Inputs and gradients of a convolution, moved to the library's layout."""
    inputs = {"x": x, "weight": weight} | ({} if bias is None else {"bias": bias})
    result = differentiated(compute(), inputs, signal)
    moved = {"x": signal(x), "weight": kernel(weight)} | ({} if bias is None else {"bias": bias})
    result["gradient.x"] = signal(result["gradient.x"])
    result["gradient.weight"] = kernel(result["gradient.weight"])
    case(kind, name, numbers, **moved, **result)


def conv1d(name, frames, i, o, k, stride=1, dilation=1, groups=1, before=0, after=0, mode="explicit", bias=True,
           activation="none"):
    x, w = values(2, i, frames), values(o, i // groups, k)
    b = values(o) if bias else None

    def compute():
        y = F.conv1d(F.pad(x, (before, after)), w, b, stride, 0, dilation, groups)
        return activated(y, activation, 0.2)

    convolution("conv1D", name, x, w, b, compute, {
        "stride": stride, "dilation": dilation, "groups": groups, "before": before, "after": after, "mode": mode,
        "activation": activation})


conv1d("valid", 11, 3, 4, 3)
conv1d("strided, no bias", 14, 2, 3, 5, stride=3, bias=False, activation="tanh")
conv1d("dilated, grouped", 13, 4, 6, 3, dilation=2, groups=2, activation="leakyReLU")
conv1d("depthwise", 9, 3, 3, 4, groups=3, activation="sigmoid")
conv1d("lopsided zeros", 8, 2, 2, 4, stride=2, before=3, after=1, activation="relu")
conv1d("cropping", 12, 2, 3, 3, before=-2, after=-1)
conv1d("same, even kernel", 10, 2, 3, 4, before=1, after=2, mode="same")
conv1d("same, strided", 11, 2, 3, 5, stride=2, before=2, after=2, mode="same")
conv1d("causal", 9, 2, 3, 3, dilation=2, before=4, mode="causal")


def transposed1d(name, frames, i, o, k, stride=1, dilation=1, groups=1, padding=0, output_padding=0,
                 activation="none"):
    x, w, b = values(2, i, frames), values(i, o // groups, k), values(o)

    def compute():
        y = F.conv_transpose1d(x, w, b, stride, padding, output_padding, groups, dilation)
        return activated(y, activation, 0.2)

    convolution("transposedConv1D", name, x, w, b, compute, {
        "stride": stride, "dilation": dilation, "groups": groups, "before": padding,
        "after": padding - output_padding, "activation": activation})


transposed1d("plain", 6, 3, 4, 3)
transposed1d("doubling", 7, 4, 3, 5, stride=2, padding=2, output_padding=1, activation="leakyReLU")
transposed1d("longer than the kernel reaches", 5, 2, 2, 2, stride=3, output_padding=2)
transposed1d("grouped, dilated", 6, 4, 6, 3, stride=2, dilation=2, groups=2, padding=1, activation="tanh")


def conv2d(name, size, i, o, k, stride=(1, 1), dilation=(1, 1), groups=1, vertical=(0, 0), horizontal=(0, 0),
           mode="explicit", activation="none"):
    x, w, b = values(2, i, *size), values(o, i // groups, *k), values(o)

    def compute():
        y = F.conv2d(F.pad(x, (*horizontal, *vertical)), w, b, stride, 0, dilation, groups)
        return activated(y, activation, 0.2)

    convolution("conv2D", name, x, w, b, compute, {
        "strideHeight": stride[0], "strideWidth": stride[1], "dilationHeight": dilation[0],
        "dilationWidth": dilation[1], "groups": groups, "top": vertical[0], "bottom": vertical[1],
        "left": horizontal[0], "right": horizontal[1], "mode": mode, "activation": activation})


conv2d("valid", (6, 7), 2, 3, (3, 2))
conv2d("strided", (7, 8), 2, 3, (4, 4), stride=(2, 2), vertical=(1, 1), horizontal=(1, 1), activation="leakyReLU")
conv2d("grouped, dilated", (6, 9), 4, 4, (2, 3), stride=(1, 2), dilation=(2, 1), groups=2, vertical=(0, 1))
conv2d("same", (5, 6), 2, 2, (3, 4), stride=(2, 1), vertical=(1, 1), horizontal=(1, 2), mode="same",
       activation="relu")


def transposed2d(name, size, i, o, k, stride, padding, output_padding=(0, 0), dilation=(1, 1), groups=1):
    x, w, b = values(2, i, *size), values(i, o // groups, *k), values(o)
    convolution(
        "transposedConv2D", name, x, w, b,
        lambda: F.conv_transpose2d(x, w, b, stride, padding, output_padding, groups, dilation), {
            "strideHeight": stride[0], "strideWidth": stride[1], "dilationHeight": dilation[0],
            "dilationWidth": dilation[1], "groups": groups, "top": padding[0], "left": padding[1],
            "bottom": padding[0] - output_padding[0], "right": padding[1] - output_padding[1],
            "activation": "none"})


transposed2d("doubling", (3, 4), 3, 2, (4, 4), (2, 2), (1, 1))
transposed2d("grouped, dilated", (3, 2), 4, 2, (2, 3), (2, 3), (1, 0), (1, 2), (1, 2), 2)

# Dense and embedding
x, w, b = values(2, 3, 5), values(4, 5), values(4)
result = differentiated(torch.tanh(F.linear(x, w, b)), {"x": x, "weight": w, "bias": b})
result["gradient.weight"] = result["gradient.weight"].T
case("dense", "three axes", {"activation": "tanh"}, x=x, weight=w.T, bias=b, **result)

table = values(5, 3)
indices = torch.tensor([[4, 0, 0], [2, 4, 1]])
case("embedding", "repeated entries", {}, table=table, indices=indices.double(),
     **differentiated(F.embedding(indices, table), {"table": table}))

# Norms
norm = torch.nn.BatchNorm1d(3)
scale, shift = values(3), values(3)
norm.weight, norm.bias = torch.nn.Parameter(scale.detach()), torch.nn.Parameter(shift.detach())
first, x = values(4, 3, 5), values(4, 3, 5)
norm(first)  # running statistics have a history
before = {"mean.before": norm.running_mean.clone(), "variance.before": norm.running_var.clone()}
result = differentiated(norm(x), {"x": x, "scale": norm.weight, "shift": norm.bias}, signal)
result["gradient.x"] = signal(result["gradient.x"])
case("batchNorm", "training", {"training": 1}, x=signal(x), scale=scale, shift=shift, **before, **result,
     **{"mean.after": norm.running_mean, "variance.after": norm.running_var})
norm.eval()
before = {"mean.before": norm.running_mean, "variance.before": norm.running_var}
result = differentiated(norm(x), {"x": x, "scale": norm.weight, "shift": norm.bias}, signal)
result["gradient.x"] = signal(result["gradient.x"])
case("batchNorm", "inference", {"training": 0}, x=signal(x), scale=scale, shift=shift, **before, **result,
     **{"mean.after": norm.running_mean, "variance.after": norm.running_var})


def group_norm(name, groups, shape, affine):
    x = values(*shape)
    inputs = {"x": x} | ({"scale": values(shape[1]), "shift": values(shape[1])} if affine else {})
    y = F.group_norm(x, groups, inputs.get("scale"), inputs.get("shift"))
    result = differentiated(y, inputs, signal)
    result["gradient.x"] = signal(result["gradient.x"])
    case("groupNorm", name, {"groups": groups}, **(inputs | {"x": signal(x)}), **result)


group_norm("a signal in two groups", 2, (2, 6, 5), True)
group_norm("an image in three groups", 3, (2, 6, 2, 4), True)
group_norm("instance norm", 4, (2, 4, 7), False)

x, scale, shift = values(2, 4, 5), values(5), values(5)
case("layerNorm", "a signal", {}, x=x, scale=scale, shift=shift, **differentiated(
    F.layer_norm(x, [5], scale, shift), {"x": x, "scale": scale, "shift": shift}))


def weight_norm(kind, name, x, v, bias, compute, dim, to_library, layout):
    gain = values(v.shape[dim])
    shape = [-1 if axis == dim else 1 for axis in range(v.ndim)]
    axes = [axis for axis in range(v.ndim) if axis != dim]
    w = v * (gain.reshape(shape) / v.norm(dim=axes, keepdim=True))
    if dim == 0:  # the formula is PyTorch's own
        assert torch.allclose(w, torch._weight_norm(v, gain.reshape(shape), dim), rtol=1e-12)
    result = differentiated(compute(x, w, bias), {"x": x, "weight": v, "bias": bias, "gain": gain}, layout)
    result["gradient.x"] = layout(result["gradient.x"])
    result["gradient.weight"] = to_library(result["gradient.weight"])
    case(kind, name, {"axis": v.ndim - 1 - dim if v.ndim == 2 or dim == 0 else 1}, x=layout(x), weight=to_library(v),
         bias=bias, gain=gain, **result)


weight_norm("weightNorm.conv1D", "convolution", values(2, 3, 7), values(4, 3, 3), values(4), F.conv1d, 0, kernel,
            signal)
weight_norm("weightNorm.dense", "dense", values(3, 5), values(4, 5), values(4), F.linear, 0, lambda w: w.T,
            lambda y: y)
weight_norm("weightNorm.transposedConv1D", "transposed, PyTorch's default", values(2, 3, 4), values(3, 2, 4),
            values(2), lambda x, w, b: F.conv_transpose1d(x, w, b, 2), 0, kernel, signal)
weight_norm("weightNorm.transposedConv1D", "transposed, output channels", values(2, 3, 4), values(3, 2, 4),
            values(2), lambda x, w, b: F.conv_transpose1d(x, w, b, 2), 1, kernel, signal)


def spectral_norm(kind, name, layer, x, dim, training):
    """One pass from given u and v. PyTorch's matrix has columns [in, kernel]; the library's v is [kernel, in]."""
    with torch.no_grad():
        layer.weight.copy_(values(*layer.weight.shape))
        layer.bias.copy_(values(*layer.bias.shape))
    layer = torch.nn.utils.parametrizations.spectral_norm(layer)
    norm = layer.parametrizations.weight[0]
    rest = [extent for axis, extent in enumerate(layer.weight.shape) if axis != dim]
    rest = lambda v, rest=rest: v.reshape(rest).permute(*reversed(range(len(rest)))).reshape(-1)
    u, v = values(*norm._u.shape), values(*norm._v.shape)
    norm._u.copy_((u / u.norm()).float().double()), norm._v.copy_((v / v.norm()).float().double())
    before = {"u.before": norm._u.clone(), "v.before": rest(norm._v.clone())}
    layer.train(training)
    original = layer.parametrizations.weight.original
    result = differentiated(layer(x), {"x": x, "weight": original, "bias": layer.bias}, signal)
    result["gradient.x"], result["gradient.weight"] = signal(result["gradient.x"]), kernel(result["gradient.weight"])
    case(kind, name, {"training": int(training)}, x=signal(x), weight=kernel(original), bias=layer.bias, **before,
         **result, **{"u.after": norm._u, "v.after": rest(norm._v)})


for training in [True, False]:
    mode = "training" if training else "inference"
    spectral_norm("spectralNorm.conv1D", "convolution, " + mode, torch.nn.Conv1d(3, 4, 2), values(2, 3, 6), 0,
                  training)
    spectral_norm("spectralNorm.transposedConv1D", "transposed, " + mode, torch.nn.ConvTranspose1d(3, 4, 2),
                  values(2, 3, 6), 1, training)

# Functions
x = values(2, 6, 3)
case("gated", "halves", {}, x=signal(x), **(lambda r: r | {"gradient.x": signal(r["gradient.x"])})(
    differentiated(F.glu(torch.cat([torch.tanh(x[:, :3]), x[:, 3:]], 1), 1), {"x": x}, signal)))
x = values(2, 3, 4, scale=3)
for axis in [1, 2]:
    case("softmax", f"axis {axis}", {"axis": axis}, x=x, **differentiated(F.softmax(x, axis), {"x": x}))
    case("logSoftmax", f"axis {axis}", {"axis": axis}, x=x, **differentiated(F.log_softmax(x, axis), {"x": x}))

x, t = values(3, 4, scale=8), torch.rand(3, 4, generator=generator).float().double()
t[0] = torch.tensor([0.0, 1.0, 0.0, 1.0])
with torch.no_grad():
    x[0] = torch.tensor([0.0, 0.0, 60.0, -60.0])
logits = values(6, 5, scale=3)
classes = torch.tensor([0, 4, 2, 1, 2, 3])
for reduction in ["mean", "sum", "none"]:
    for kind, loss in [("meanSquaredError", F.mse_loss), ("meanAbsoluteError", F.l1_loss),
                       ("binaryCrossEntropyWithLogits", F.binary_cross_entropy_with_logits)]:
        case(kind, reduction, {"reduction": reduction}, x=x, target=t,
             **differentiated(loss(x, t, reduction=reduction), {"x": x}))
    for ignored in [-100, 2]:
        case("crossEntropy", f"{reduction}, ignoring {ignored}", {"reduction": reduction, "ignoring": ignored},
             x=logits, classes=classes.double(), **differentiated(
                 F.cross_entropy(logits, classes, ignore_index=ignored, reduction=reduction), {"x": logits}))

with open(sys.argv[1], "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
