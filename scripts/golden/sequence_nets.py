"""Seq-U-Net (both forms), TCN, WaveNet and FactorGAN's dense networks in PyTorch: the twins whose outputs and
gradients ours must equal.

Written layer by layer in the references' own terms (separate filter and gate convolutions, one-hot inputs,
one skip convolution per layer). Writes one safetensors file per variant to Tests/SwiftDLModelsTests/Fixtures:
weights in our names and layout, an input, the output, and the gradients of mean((output - target)^2).

Made with torch 2.13.0+cpu and safetensors 0.6. Usage: python sequence_nets.py FIXTURES
Sources: Stoller et al., IJCAI 2020; Bai et al., 2018; van den Oord et al., 2016; Stoller et al., ICLR 2020.
"""
import sys
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file


def ours(t):
    """Our layout: kernel, in, out. A transposed convolution's weight lies as its convolution's does."""
    return t.permute(2, 1, 0) if t.dim() == 3 else t.t() if t.dim() == 2 else t


def latest(x, frames):
    return x[..., x.shape[-1] - frames:]


class Symbols(nn.Module):
    def __init__(self, count, channels):
        super().__init__()
        self.table, self.bias = nn.Parameter(torch.randn(count, channels)), nn.Parameter(torch.randn(count))

    def fields(self, values):
        return {"coder.embedding.table": values[self.table], "coder.bias": values[self.bias]}


class SeqUNet(nn.Module):
    def __init__(self, inputs, widths, outputs, k, zeros=False, symbols=None):
        super().__init__()
        self.k, self.zeros, n = k, zeros, len(widths) - 1
        self.coder = Symbols(symbols, inputs) if symbols else None
        self.conv = nn.ModuleList([nn.Conv1d(inputs if i == 0 else widths[i - 1], widths[i], k) for i in range(n)])
        self.thin = nn.ModuleList([nn.Conv1d(widths[i], widths[i], k, stride=2) for i in range(n)])
        self.bottleneck = nn.Conv1d(widths[n - 1], widths[n], k)
        self.widen = nn.ModuleList(
            [nn.ConvTranspose1d(widths[i + 1], widths[i + 1], k, stride=2) for i in reversed(range(n))])
        self.join = nn.ModuleList([nn.Conv1d(widths[i + 1] + widths[i], widths[i], k) for i in reversed(range(n))])
        self.output = nn.Conv1d(widths[0], outputs, 1)

    def forward(self, x):
        frames = x.shape[-1]
        if self.coder is not None:
            x = self.coder.table[x[:, 0].long()].transpose(1, 2)
        pad = lambda t: F.pad(t, (self.k - 1, 0)) if self.zeros else t
        if self.zeros:
            stride = 2 ** len(self.conv)
            legal = max(1, -(-(frames - 1) // stride)) * stride + 1
            x = F.pad(x, (legal - frames, 0))
        skips = []
        for conv, thin in zip(self.conv, self.thin):
            skips.append(F.leaky_relu(conv(pad(x)), 0.01))
            x = F.leaky_relu(thin(pad(skips[-1])), 0.01)
        x = F.leaky_relu(self.bottleneck(pad(x)), 0.01)
        for widen, join in zip(self.widen, self.join):
            x = F.leaky_relu(widen(x), 0.01)
            x = x[..., (0 if self.zeros else self.k - 1):x.shape[-1] - (self.k - 1)]
            x = F.leaky_relu(join(pad(torch.cat([x, latest(skips.pop(), x.shape[-1])], 1))), 0.01)
        x = latest(self.output(x), frames) if self.zeros else self.output(x)
        return F.linear(x.transpose(1, 2), self.coder.table, self.coder.bias).transpose(1, 2) if self.coder else x

    def fields(self, v):
        f = self.coder.fields(v) if self.coder is not None else {}
        def layer(name, m):
            f[name + ".weight"], f[name + ".bias"] = ours(v[m.weight]), v[m.bias]
        for i, (conv, thin) in enumerate(zip(self.conv, self.thin)):
            layer(f"down.{i}.conv", conv), layer(f"down.{i}.thin", thin)
        layer("bottleneck", self.bottleneck)
        for i, (widen, join) in enumerate(zip(self.widen, self.join)):
            layer(f"up.{i}.widen", widen), layer(f"up.{i}.conv", join)
        layer("output", self.output)
        return f


class Gate(nn.Module):
    """I(x) + tanh(conv1(z)) * sigmoid(conv2(z)), identities cropped to the latest frames."""

    def __init__(self, inputs, width, k, stride=1, transposed=False):
        super().__init__()
        self.k, self.stride, self.transposed = k, stride, transposed
        conv = nn.ConvTranspose1d if transposed else nn.Conv1d
        self.filter, self.gate = conv(inputs, width, k, stride=stride), conv(inputs, width, k, stride=stride)

    def forward(self, x, condition=None):
        z = x if condition is None else torch.cat([latest(x, min(x.shape[-1], condition.shape[-1])),
                                                   latest(condition, min(x.shape[-1], condition.shape[-1]))], 1)
        y = torch.tanh(self.filter(z)) * torch.sigmoid(self.gate(z))
        if self.transposed:
            y = y[..., self.k - 2:y.shape[-1] - (self.k - 1)]
            x = x.repeat_interleave(2, -1)[..., :-1]
        elif self.stride == 2:
            x = x[..., (x.shape[-1] - 1) % 2::2]
        return latest(x, y.shape[-1]) + y

    def fields(self, v):
        axis = 1 if self.transposed else 0
        weight = torch.cat([v[self.filter.weight], v[self.gate.weight]], axis)
        return {"weight": ours(weight), "bias": torch.cat([v[self.filter.bias], v[self.gate.bias]])}


class SeqUNetResidual(nn.Module):
    def __init__(self, symbols, levels, width, k, depth):
        super().__init__()
        self.symbols, n = symbols, levels - 1
        units = lambda inputs: nn.ModuleList([Gate(inputs, width, k) for _ in range(depth)])
        self.input = nn.Conv1d(symbols, width, k)
        self.down, self.thin = nn.ModuleList([units(width) for _ in range(n)]), nn.ModuleList(
            [Gate(width, width, k, 2) for _ in range(n)])
        self.bottleneck = units(width)
        self.widen, self.up = nn.ModuleList([Gate(width, width, k, 2, True) for _ in range(n)]), nn.ModuleList(
            [units(2 * width) for _ in range(n)])
        self.output = nn.Conv1d(width, symbols, 1)

    def forward(self, x):
        x = self.input(F.one_hot(x[:, 0].long(), self.symbols).float().transpose(1, 2))
        skips = []
        for layers, thin in zip(self.down, self.thin):
            for layer in layers:
                x = layer(x)
            skips.append(x)
            x = thin(x)
        for layer in self.bottleneck:
            x = layer(x)
        for widen, layers in zip(self.widen, self.up):
            condition, x = widen(x), skips.pop()
            for layer in layers:
                x = layer(x, condition)
        stride = 2 ** len(self.down)
        return self.output(F.relu(latest(x, x.shape[-1] // stride * stride)))

    def fields(self, v):
        f = {"input.weight": ours(v[self.input.weight]), "input.bias": v[self.input.bias],
             "output.weight": ours(v[self.output.weight]), "output.bias": v[self.output.bias]}
        def gate(name, m):
            for key, value in m.fields(v).items():
                f[f"{name}.{key}"] = value
        for i, (layers, thin) in enumerate(zip(self.down, self.thin)):
            gate(f"down.{i}.thin.convolution", thin)
            for j, layer in enumerate(layers):
                gate(f"down.{i}.layers.{j}.convolution", layer)
        for j, layer in enumerate(self.bottleneck):
            gate(f"bottleneck.{j}.convolution", layer)
        for i, (widen, layers) in enumerate(zip(self.widen, self.up)):
            gate(f"up.{i}.widen", widen)
            for j, layer in enumerate(layers):
                gate(f"up.{i}.layers.{j}.convolution", layer)
        return f


class TCN(nn.Module):
    def __init__(self, inputs, widths, outputs, k, symbols=None):
        super().__init__()
        self.k, norm = k, nn.utils.parametrizations.weight_norm
        self.coder = Symbols(symbols, inputs) if symbols else None
        ends = list(zip([inputs] + widths[:-1], widths))
        self.first = nn.ModuleList([norm(nn.Conv1d(a, b, k, dilation=2 ** i)) for i, (a, b) in enumerate(ends)])
        self.second = nn.ModuleList([norm(nn.Conv1d(b, b, k, dilation=2 ** i)) for i, (a, b) in enumerate(ends)])
        self.shortcut = nn.ModuleList([nn.Conv1d(a, b, 1) if a != b else nn.Identity() for a, b in ends])
        self.output = nn.Conv1d(widths[-1], outputs, 1) if outputs else None

    def forward(self, x):
        if self.coder is not None:
            x = self.coder.table[x[:, 0].long()].transpose(1, 2)
        for i, (first, second, shortcut) in enumerate(zip(self.first, self.second, self.shortcut)):
            pad = lambda t: F.pad(t, ((self.k - 1) * 2 ** i, 0))
            x = F.relu(F.relu(second(pad(F.relu(first(pad(x)))))) + shortcut(x))
        x = self.output(x) if self.output is not None else x
        return F.linear(x.transpose(1, 2), self.coder.table, self.coder.bias).transpose(1, 2) if self.coder else x

    def fields(self, v):
        f = self.coder.fields(v) if self.coder is not None else {}
        for name, layers in ("first", self.first), ("second", self.second):
            for i, m in enumerate(layers):
                original = m.parametrizations.weight
                f[f"blocks.{i}.{name}.gain"] = v[original.original0].flatten()
                f[f"blocks.{i}.{name}.base.weight"] = ours(v[original.original1])
                f[f"blocks.{i}.{name}.base.bias"] = v[m.bias]
        for i, m in enumerate(self.shortcut):
            if isinstance(m, nn.Conv1d):
                f[f"blocks.{i}.shortcut.weight"], f[f"blocks.{i}.shortcut.bias"] = ours(v[m.weight]), v[m.bias]
        if self.output is not None:
            f["output.weight"], f["output.bias"] = ours(v[self.output.weight]), v[self.output.bias]
        return f


class WaveNet(nn.Module):
    def __init__(self, symbols, stacks, layers, width, skip):
        super().__init__()
        self.symbols = symbols
        self.dilations = [2 ** i for _ in range(stacks) for i in range(layers)]
        convs = lambda out, k, dilated: nn.ModuleList(
            [nn.Conv1d(width, out, k, dilation=d if dilated else 1) for d in self.dilations])
        self.input = nn.Conv1d(symbols, width, 1)
        self.filter, self.gate = convs(width, 2, True), convs(width, 2, True)
        self.residual, self.skip = convs(width, 1, False), convs(skip, 1, False)
        self.hidden, self.output = nn.Conv1d(skip, skip, 1), nn.Conv1d(skip, symbols, 1)

    def forward(self, x):
        frames = x.shape[-1] - sum(self.dilations)
        x, total = self.input(F.one_hot(x[:, 0].long(), self.symbols).float().transpose(1, 2)), 0
        for filter, gate, residual, skip in zip(self.filter, self.gate, self.residual, self.skip):
            y = torch.tanh(filter(x)) * torch.sigmoid(gate(x))
            total = total + latest(skip(y), frames)
            x = latest(x, y.shape[-1]) + residual(y)
        return self.output(F.relu(self.hidden(F.relu(total))))

    def fields(self, v):
        f = {}
        def layer(name, m):
            f[name + ".weight"], f[name + ".bias"] = ours(v[m.weight]), v[m.bias]
        layer("input", self.input), layer("hidden", self.hidden), layer("output", self.output)
        for i, (filter, gate, residual) in enumerate(zip(self.filter, self.gate, self.residual)):
            f[f"layers.{i}.dilated.weight"] = ours(torch.cat([v[filter.weight], v[gate.weight]]))
            f[f"layers.{i}.dilated.bias"] = torch.cat([v[filter.bias], v[gate.bias]])
            layer(f"layers.{i}.residual", residual)
        f["skipWeight"] = torch.cat([ours(v[m.weight]) for m in self.skip], 1)
        f["skipBias"] = torch.stack([v[m.bias] for m in self.skip])
        return f


class Dense(nn.Module):
    def __init__(self, inputs, hidden, outputs, spectral):
        super().__init__()
        wrap = nn.utils.parametrizations.spectral_norm if spectral else lambda m: m
        self.spectral = spectral
        self.layers = nn.ModuleList([wrap(nn.Linear(a, b)) for a, b in
                                     ((inputs, hidden), (hidden, hidden), (hidden, outputs))])
        # The estimates as they are before the one pass that counts: reading the weight moves them.
        self.estimates = [(m.parametrizations.weight[0]._u.clone(), m.parametrizations.weight[0]._v.clone())
                          for m in self.layers] if spectral else []

    def forward(self, x):
        x = x.transpose(1, 2)
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), 0.01) if self.spectral else F.relu(layer(x))
        x = self.layers[-1](x)
        return (x if self.spectral else torch.sigmoid(x)).transpose(1, 2)

    def fields(self, v):
        f = {}
        for i, m in enumerate(self.layers):
            name = f"layers.{i}." + ("base." if self.spectral else "")
            f[name + "weight"] = ours(v[m.parametrizations.weight.original if self.spectral else m.weight])
            f[name + "bias"] = v[m.bias]
        return f


def symbols(count, frames):
    return torch.randint(0, count, (2, 1, frames)).float()


VARIANTS = {
    "seq-u-net-valid": lambda: (SeqUNet(3, [6, 5, 4], 2, 3), torch.randn(2, 3, 37)),
    "seq-u-net-zeros": lambda: (SeqUNet(3, [6, 5, 4], 2, 5, zeros=True), torch.randn(2, 3, 22)),
    "seq-u-net-symbols": lambda: (SeqUNet(4, [5, 4, 4], 4, 3, symbols=7), symbols(7, 37)),
    "seq-u-net-residual": lambda: (SeqUNetResidual(7, 3, 4, 5, 2), symbols(7, 129)),
    "tcn": lambda: (TCN(3, [5, 5, 4], 2, 3), torch.randn(2, 3, 30)),
    "tcn-symbols": lambda: (TCN(4, [5, 4], None, 3, symbols=7), symbols(7, 20)),
    "wavenet": lambda: (WaveNet(7, 2, 3, 4, 6), symbols(7, 27)),
    "dense-generator": lambda: (Dense(5, 8, 12, False), torch.randn(6, 5, 1)),
    "dense-discriminator": lambda: (Dense(12, 8, 1, True), torch.rand(6, 12, 1)),
}


def main(folder):
    for name, make in VARIANTS.items():
        torch.manual_seed(len(name))
        model, x = make()
        y = model(x)
        target = torch.rand_like(y) - 0.5
        torch.mean((y - target) ** 2).backward()
        tensors = {"input": x.transpose(1, 2), "output": y.transpose(1, 2), "target": target.transpose(1, 2)}
        values = {p: p.detach() for p in model.parameters()}
        gradients = {p: torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()}
        tensors |= {"weights/" + key: value for key, value in model.fields(values).items()}
        tensors |= {"gradients/" + key: value for key, value in model.fields(gradients).items()}
        for i, (u, v) in enumerate(getattr(model, "estimates", [])):
            tensors |= {f"weights/layers.{i}.u": u, f"weights/layers.{i}.v": v}
        save_file({k: v.detach().contiguous() for k, v in tensors.items()}, f"{folder}/{name}.safetensors")


if __name__ == "__main__":
    main(sys.argv[1])
