"""Wave-U-Net in PyTorch: the twin whose outputs and gradients ours must equal.

Writes one safetensors file per variant to Tests/SwiftDLModelsTests/Fixtures: weights in our names and layout,
an input, the output, and the gradients of mean((output - target)^2).

Made with torch 2.13.0+cpu and safetensors 0.6. Usage: python wave_u_net.py FIXTURES
Source: Stoller, Ewert, Dixon, ISMIR 2018; layer by layer as in section 3.
"""
import sys
import torch
import torch.nn.functional as F
from twin import write_twin

VARIANTS = {
    "m1": dict(),
    "m2": dict(difference=True),
    "m4": dict(difference=True, context=True, channels=2),
    "m5": dict(difference=True, context=True, channels=2, learned=True),
    "m6": dict(difference=True, context=True, channels=2, sources=4),
    "learned-same": dict(learned=True, tanh=False),
}
LEVELS, FILTERS, DOWN, UP, SLOPE = 3, 4, 5, 3, 0.2


def crop(x, frames):
    start = (x.shape[-1] - frames) // 2
    return x[..., start:start + frames]


class WaveUNet(torch.nn.Module):
    def __init__(self, sources=2, channels=1, context=False, difference=False, learned=False, tanh=True):
        super().__init__()
        self.context, self.difference, self.learned, self.tanh = context, difference, learned, tanh
        self.sources, self.channels = sources, channels
        width = [channels] + [FILTERS * i for i in range(1, LEVELS + 2)]

        def conv(i, o, k):
            return torch.nn.Conv1d(i, o, k, padding=0 if context else k // 2)

        self.down = torch.nn.ModuleList([conv(width[i], width[i + 1], DOWN) for i in range(LEVELS)])
        self.bottleneck = conv(width[LEVELS], width[LEVELS + 1], DOWN)
        self.up = torch.nn.ModuleList(
            [conv(width[i] + width[i + 1], width[i], UP) for i in range(LEVELS, 0, -1)])
        if learned:
            self.interpolation = torch.nn.ParameterList(
                [torch.nn.Parameter(torch.randn(width[i + 1])) for i in range(LEVELS, 0, -1)])
        predicted = sources - 1 if difference else sources
        self.output = conv(width[1] + channels, predicted * channels, 1)

    def upsample(self, x, level):
        here, following = x[..., :-1], x[..., 1:]
        if not self.context:
            last = torch.zeros_like(x[..., :1]) if self.learned else x[..., -1:]
            here, following = x, torch.cat([x[..., 1:], last], -1)
        share = torch.sigmoid(self.interpolation[level])[:, None] if self.learned else 0.5
        odd = share * here + (1 - share) * following
        pairs = torch.stack([here, odd], -1).flatten(-2)
        return torch.cat([pairs, x[..., -1:]], -1) if self.context else pairs

    def forward(self, mixture):
        x, skips = mixture, []
        for conv in self.down:
            x = F.leaky_relu(conv(x), SLOPE)
            skips.append(x)
            x = x[..., ::2]
        x = F.leaky_relu(self.bottleneck(x), SLOPE)
        for level, conv in enumerate(self.up):
            x = self.upsample(x, level)
            x = F.leaky_relu(conv(torch.cat([crop(skips.pop(), x.shape[-1]), x], 1)), SLOPE)
        y = self.output(torch.cat([crop(mixture, x.shape[-1]), x], 1))
        if self.tanh:
            y = torch.tanh(y)
        if not self.difference:
            return y
        rest = crop(mixture, y.shape[-1]) - sum(y.split(self.channels, 1))
        return torch.cat([y, rest], 1)


def ours(name, tensor):
    """Our name and layout of a parameter."""
    parts = name.split(".")
    if parts[0] == "up":
        name = f"up.{parts[1]}.conv.{parts[2]}"
    if parts[0] == "interpolation":
        name = f"up.{parts[1]}.interpolation"
    return name, (tensor.permute(2, 1, 0) if tensor.dim() == 3 else tensor).detach().contiguous()


def main(folder):
    for name, options in VARIANTS.items():
        torch.manual_seed(len(name) + LEVELS)
        model = WaveUNet(**options)
        channels = options.get("channels", 1)
        frames = 8 * 9 + 5 if options.get("context") else 64
        if options.get("context"):
            # The length whose bottleneck has 9 frames.
            frames = 9 + DOWN - 1
            for _ in range(LEVELS):
                frames = 2 * frames - 1 + DOWN - 1
        x = (torch.rand(2, channels, frames) * 2 - 1)
        write_twin(f"{folder}/wave-u-net-{name}.safetensors", model, x, ours)


if __name__ == "__main__":
    main(sys.argv[1])
