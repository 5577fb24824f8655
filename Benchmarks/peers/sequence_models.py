"""PyTorch's twins of the sequence models, in one of two layouts: every Conv1d as it is, or as a Conv2d over one row in
channels_last memory. Filters and gates are one convolution; symbols are looked up, not one-hot. PyTorch 2.13.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Layout:
    """How a signal lies in memory, and the convolutions that take it so."""

    def __init__(s, channels_last):
        s.last = channels_last

    def conv(s, i, o, k, stride=1, padding=0, dilation=1):
        if not s.last:
            return nn.Conv1d(i, o, k, stride, padding, dilation)
        return nn.Conv2d(i, o, (1, k), (1, stride), (0, padding), (1, dilation)).to(memory_format=torch.channels_last)

    def transposed(s, i, o, k):
        if not s.last:
            return nn.ConvTranspose1d(i, o, k, 2)
        return nn.ConvTranspose2d(i, o, (1, k), (1, 2)).to(memory_format=torch.channels_last)

    def signal(s, x):
        """[batch, frames, channels] as the layout wants it."""
        x = x.transpose(1, 2)
        return x.unsqueeze(2) if s.last else x.contiguous()

    def rows(s, x):
        """[batch, frames, channels] of a signal."""
        return (x.squeeze(2) if s.last else x).transpose(1, 2)

    def latest(s, x, n):
        return x[..., x.shape[-1] - n:]


def leaky(x, slope=0.01):
    return F.leaky_relu(x, slope, inplace=True)


class Tied(nn.Module):
    """Symbols to vectors, a network, vectors to scores by the same table."""

    def __init__(s, layout, network, count=50, channels=100, dropout=0.1):
        super().__init__()
        s.layout, s.network, s.dropout = layout, network, dropout
        s.table, s.bias = nn.Embedding(count, channels), nn.Parameter(torch.zeros(count))
        nn.init.uniform_(s.table.weight, -0.1, 0.1)

    def forward(s, x):
        x = s.network(s.layout.signal(F.dropout(s.table(x), s.dropout, s.training)))
        return F.linear(s.layout.rows(x), s.table.weight, s.bias)


class Signals(nn.Module):
    """A network of vectors instead of symbols."""

    def __init__(s, layout, network):
        super().__init__()
        s.layout, s.network = layout, network

    def forward(s, x):
        return s.layout.rows(s.network(s.layout.signal(x)))


class SeqUNet(nn.Module):
    def __init__(s, layout, inputs=100, width=(390, 390, 390, 100), k=3, p=0.1, outputs=None, padded=False):
        super().__init__()
        s.layout, s.k, s.p, s.padded, n = layout, k, p, padded, len(width) - 1
        conv = layout.conv
        s.conv = nn.ModuleList([conv(inputs if i == 0 else width[i - 1], width[i], k) for i in range(n)])
        s.thin = nn.ModuleList([conv(width[i], width[i], k, 2) for i in range(n)])
        s.bottleneck = conv(width[n - 1], width[n], k)
        s.widen = nn.ModuleList([layout.transposed(width[i + 1], width[i + 1], k) for i in range(n - 1, -1, -1)])
        s.join = nn.ModuleList([conv(width[i + 1] + width[i], width[i], k) for i in range(n - 1, -1, -1)])
        s.output = conv(width[0], outputs or inputs, 1)

    def forward(s, x):
        drop = lambda x: F.dropout(leaky(x), s.p, s.training)
        # Zeros before every layer, or none.
        front = (lambda x: F.pad(x, (s.k - 1, 0))) if s.padded else (lambda x: x)
        frames, skips = x.shape[-1], []
        if s.padded:
            stride = 2 ** len(s.conv)
            x = F.pad(x, (max(1, (frames - 1 + stride - 1) // stride) * stride + 1 - frames, 0))
        for c, thin in zip(s.conv, s.thin):
            skips.append(drop(c(front(x))))
            x = drop(thin(front(skips[-1])))
        x = drop(s.bottleneck(front(x)))
        for widen, join in zip(s.widen, s.join):
            x = drop(widen(x)[..., 0 if s.padded else s.k - 1:1 - s.k])
            x = drop(join(front(torch.cat([x, s.layout.latest(skips.pop(), x.shape[-1])], 1))))
        return s.layout.latest(s.output(x), frames) if s.padded else s.output(x)


class Gate(nn.Module):
    def __init__(s, layout, inputs, width, k, stride=1, up=False):
        super().__init__()
        s.layout, s.stride, s.up, s.k = layout, stride, up, k
        s.conv = layout.transposed(inputs, 2 * width, k) if up else layout.conv(inputs, 2 * width, k, stride)

    def forward(s, x, condition=None):
        latest = s.layout.latest
        if condition is not None:
            n = min(x.shape[-1], condition.shape[-1])
            y = s.conv(torch.cat([latest(x, n), latest(condition, n)], 1))
        else:
            y = s.conv(x)
        if s.up:
            y = y[..., s.k - 2:1 - s.k]
            x = x.repeat_interleave(2, -1)[..., :-1]
        elif s.stride == 2:
            x = x[..., (x.shape[-1] - 1) % 2::2]
        f, g = y.chunk(2, 1)
        return latest(x, y.shape[-1]) + torch.tanh(f) * torch.sigmoid(g)


class SeqUNetResidual(nn.Module):
    def __init__(s, layout, q=256, levels=11, h=180, k=5, depth=2):
        super().__init__()
        n, s.layout, s.k, s.stride = levels - 1, layout, k, 2 ** (levels - 1)
        units = lambda i: nn.ModuleList([Gate(layout, i, h, k) for _ in range(depth)])
        s.taps, s.bias = nn.ModuleList([nn.Embedding(q, h) for _ in range(k)]), nn.Parameter(torch.zeros(h))
        s.down, s.thin = nn.ModuleList([units(h) for _ in range(n)]), nn.ModuleList(
            [Gate(layout, h, h, k, 2) for _ in range(n)])
        s.bottleneck = units(h)
        s.widen, s.up = nn.ModuleList([Gate(layout, h, h, k, 2, True) for _ in range(n)]), nn.ModuleList(
            [units(2 * h) for _ in range(n)])
        s.output = layout.conv(h, q, 1)

    def forward(s, x):
        n, total = x.shape[1] - s.k + 1, s.bias
        for i, tap in enumerate(s.taps):
            total = total + tap(x[:, i:i + n])
        x, skips = s.layout.signal(total), []
        for layers, thin in zip(s.down, s.thin):
            for layer in layers:
                x = layer(x)
            skips.append(x)
            x = thin(x)
        for layer in s.bottleneck:
            x = layer(x)
        for widen, layers in zip(s.widen, s.up):
            condition, x = widen(x), skips.pop()
            for layer in layers:
                x = layer(x, condition)
        x = s.layout.latest(x, x.shape[-1] // s.stride * s.stride)
        return s.layout.rows(s.output(F.relu(x)))


class Block(nn.Module):
    def __init__(s, layout, i, o, k, d, p):
        super().__init__()
        norm = nn.utils.parametrizations.weight_norm
        s.first, s.second = [norm(layout.conv(c, o, k, 1, (k - 1) * d, d)) for c in (i, o)]
        s.shortcut, s.p = layout.conv(i, o, 1) if i != o else None, p

    def forward(s, x):
        n = x.shape[-1]
        h = F.dropout(F.relu(s.first(x)[..., :n]), s.p, s.training)
        h = F.dropout(F.relu(s.second(h)[..., :n]), s.p, s.training)
        return F.relu(h + (x if s.shortcut is None else s.shortcut(x)))


def tcn(layout, inputs=100, width=(600, 600, 600, 100), k=3, p=0.1, outputs=None):
    ends = zip((inputs,) + tuple(width[:-1]), width)
    blocks = [Block(layout, i, o, k, 2 ** n, p) for n, (i, o) in enumerate(ends)]
    return nn.Sequential(*blocks, *([layout.conv(width[-1], outputs, 1)] if outputs else []))


class WaveNet(nn.Module):
    """With `cropped_first`, the skip connections of all layers are cropped and convolved in one; without, each layer
    convolves the whole of its own, as published."""

    def __init__(s, layout, q=256, stacks=4, layers=13, c=128, skip=512, cropped_first=True):
        super().__init__()
        s.layout, s.cropped_first = layout, cropped_first
        s.dilations = [2 ** i for _ in range(stacks) for i in range(layers)]
        conv = layout.conv
        s.input = nn.Embedding(q, c)
        s.gates = nn.ModuleList([conv(c, 2 * c, 2, dilation=d) for d in s.dilations])
        s.residual = nn.ModuleList([conv(c, c, 1) for _ in s.dilations[1:]])
        s.skip = (conv(c * len(s.dilations), skip, 1) if cropped_first
                  else nn.ModuleList([conv(c, skip, 1) for _ in s.dilations]))
        s.hidden, s.output = conv(skip, skip, 1), conv(skip, q, 1)

    def forward(s, x):
        latest = s.layout.latest
        frames, x, skips = x.shape[1] - sum(s.dilations), s.layout.signal(s.input(x)), []
        for i, gate in enumerate(s.gates):
            f, g = gate(x).chunk(2, 1)
            y = torch.tanh(f) * torch.sigmoid(g)
            skips.append(latest(y if s.cropped_first else s.skip[i](y), frames))
            if i < len(s.residual):
                x = latest(x, y.shape[-1]) + s.residual[i](y)
        total = s.skip(torch.cat(skips, 1)) if s.cropped_first else sum(skips[1:], skips[0])
        return s.layout.rows(s.output(F.relu(s.hidden(F.relu(total)))))


class WaveNetSteps:
    """A WaveNet that draws frame by frame and keeps what its layers need of the past, as a sensible cached loop does: a ring
    of frames per layer, two matrix products per layer and frame (the dilated taps side by side, residual and skip
    convolution together), no autograd."""

    def __init__(s, symbols, stacks, layers, width, skip, batch):
        def matrix(inputs, outputs):
            return (torch.rand(inputs, outputs) * 2 - 1) / inputs**0.5

        s.width, s.frame = width, 0
        s.table, s.symbols = torch.rand(symbols, width) * 2 - 1, torch.full((batch,), symbols // 2)
        s.dilations = [2**j for _ in range(stacks) for j in range(layers)]
        s.taps = [(torch.zeros(2 * width), matrix(2 * width, 2 * width)) for _ in s.dilations]
        s.mixes = [(torch.zeros(width + skip), matrix(width, width + skip)) for _ in s.dilations]
        s.rings = [torch.zeros(d, batch, width) for d in s.dilations]
        s.hidden, s.output = (torch.zeros(skip), matrix(skip, skip)), (torch.zeros(symbols), matrix(skip, symbols))

    @torch.inference_mode()
    def step(s):
        x, total = s.table[s.symbols], 0
        for d, ring, (tap_bias, tap), (mix_bias, mix) in zip(s.dilations, s.rings, s.taps, s.mixes):
            slot = s.frame % d
            both = torch.cat([ring[slot], x], 1)
            ring[slot] = x
            sums = torch.addmm(tap_bias, both, tap)
            gated = torch.tanh(sums[:, :s.width]) * torch.sigmoid(sums[:, s.width:])
            mixed = torch.addmm(mix_bias, gated, mix)
            x, total = x + mixed[:, :s.width], total + mixed[:, s.width:]
        hidden = torch.relu(torch.addmm(s.hidden[0], torch.relu(total), s.hidden[1]))
        scores = torch.addmm(s.output[0], hidden, s.output[1])
        s.symbols, s.frame = torch.multinomial(scores.softmax(1), 1)[:, 0], s.frame + 1
