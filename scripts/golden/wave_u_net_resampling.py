"""The resampling Wave-U-Net in PyTorch: the twin whose outputs and gradients ours must equal.

Writes one safetensors file per variant to Tests/SwiftDLModelsTests/Fixtures: weights in our names and layout, an
input, the output, and the gradients of mean((output - target)^2).

Made with torch 2.13.0+cpu and safetensors 0.6. Usage: python wave_u_net_resampling.py FIXTURES
Source: Wave-U-Net-Pytorch, depth 1, fixed resampling.
"""
import math
import sys
import torch
import torch.nn.functional as F
from twin import write_twin

VARIANTS = {"separate": dict(), "shared": dict(shared=True, norm=False, stride=3)}
LEVELS, FEATURES, KERNEL, TAPS, SOURCES, CHANNELS = 3, 8, 3, 15, 2, 2


def sinc(factor):
    middle = TAPS // 2
    taps = []
    for i in range(TAPS):
        d = i - middle
        value = math.pi / factor if d == 0 else math.sin(math.pi * d / factor) / d
        # The author's third cosine does not depend on i.
        window = 0.42 - 0.5 * math.cos(2 * math.pi * i / (TAPS - 1)) + 0.08 * math.cos(4 * math.pi * (TAPS - 1))
        taps.append(value if d == 0 else value * window)
    taps = torch.tensor(taps)
    return taps / taps.sum()


def middle(x, frames):
    start = (x.shape[-1] - frames) // 2
    return x[..., start:start + frames]


class Layer(torch.nn.Module):
    def __init__(s, i, o, norm):
        super().__init__()
        s.conv = torch.nn.Conv1d(i, o, KERNEL)
        s.norm = torch.nn.GroupNorm(o // 8, o) if norm else None

    def forward(s, x):
        return F.relu(s.norm(s.conv(x))) if s.norm else F.leaky_relu(s.conv(x), 0.01)


class Block(torch.nn.Module):
    def __init__(s, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(s, name, layer)


class Single(torch.nn.Module):
    def __init__(s, outputs, norm, stride):
        super().__init__()
        s.stride, n = stride, LEVELS - 1
        width = [FEATURES * 2 ** i for i in range(LEVELS)]
        s.down = torch.nn.ModuleList([Block(
            skip=Layer(CHANNELS if i == 0 else width[i], width[i], norm), next=Layer(width[i], width[i + 1], norm))
            for i in range(n)])
        s.bottleneck = Layer(width[n], width[n], norm)
        s.up = torch.nn.ModuleList([Block(
            before=Layer(width[i + 1], width[i], norm), joined=Layer(2 * width[i], width[i], norm))
            for i in range(n - 1, -1, -1)])
        s.output = torch.nn.Conv1d(FEATURES, outputs, 1)

    def resampled(s, x, up):
        channels, frames = x.shape[1:]
        weight = sinc(s.stride).reshape(1, 1, TAPS).repeat(channels, 1, 1)
        x = F.pad(x, (TAPS // 2, TAPS // 2), mode="reflect")
        if up:
            return middle(F.conv_transpose1d(x, weight, stride=s.stride, groups=channels), (frames - 1) * s.stride + 1)
        return F.conv1d(x, weight, stride=s.stride, groups=channels)

    def forward(s, x):
        skips = []
        for block in s.down:
            skips.append(block.skip(x))
            x = s.resampled(block.next(skips[-1]), False)
        x = s.bottleneck(x)
        for block in s.up:
            x = block.before(s.resampled(x, True))
            x = block.joined(torch.cat([middle(skips.pop(), x.shape[-1]), x], 1))
        return s.output(x)


class ResamplingWaveUNet(torch.nn.Module):
    def __init__(s, count, *options):
        super().__init__()
        s.networks = torch.nn.ModuleList([Single(*options) for _ in range(count)])

    def forward(s, x):
        return torch.cat([network(x) for network in s.networks], 1)


def ours(name, tensor):
    """Our name and layout of a parameter."""
    name = name.replace("norm.weight", "norm.scale").replace("norm.bias", "norm.shift")
    return name, (tensor.permute(2, 1, 0) if tensor.dim() == 3 else tensor).detach().contiguous()


def main(folder):
    for name, options in VARIANTS.items():
        torch.manual_seed(len(name))
        shared, stride = options.get("shared", False), options.get("stride", 4)
        count, outputs = (1, SOURCES * CHANNELS) if shared else (SOURCES, CHANNELS)
        model = ResamplingWaveUNet(count, outputs, options.get("norm", True), stride)
        for parameter, value in model.named_parameters():
            if "norm" in parameter:
                value.data += 0.3 * torch.randn_like(value)
        frames = 10 + KERNEL - 1
        for _ in range(LEVELS - 1):
            frames = (frames - 1) * stride + 1 + 2 * (KERNEL - 1)
        x = torch.rand(2, CHANNELS, frames) * 2 - 1
        write_twin(f"{folder}/wave-u-net-resampling-{name}.safetensors", model, x, ours)


if __name__ == "__main__":
    main(sys.argv[1])
