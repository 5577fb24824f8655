"""The universal MIR network in PyTorch, with a head of each kind: the twin whose outputs and gradients ours must equal.

Writes one safetensors file per head to Tests/SwiftDLModelsTests/Fixtures. Blocks as in Stoller, Ewert, Dixon, "Wave-U-Net",
ISMIR 2018, section 3, each convolution followed by a group normalisation.

Made with torch 2.13.0+cpu and safetensors 0.6. Usage: python universal_mir.py FIXTURES
"""
import sys
import torch
import torch.nn.functional as F
from twin import write_twin

LEVELS, FILTERS, DOWN, UP, SLOPE, FRAME_LEVEL = 3, 2, 5, 3, 0.2, 2


class Layer(torch.nn.Module):
    def __init__(self, inputs, outputs, kernel, groups):
        super().__init__()
        self.conv = torch.nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2)
        self.norm = torch.nn.GroupNorm(groups, outputs)
        torch.nn.init.normal_(self.norm.weight, 1, 0.2)
        torch.nn.init.normal_(self.norm.bias, 0, 0.2)

    def forward(self, x):
        return F.leaky_relu(self.norm(self.conv(x)), SLOPE)


class Universal(torch.nn.Module):
    def __init__(self, rate, outputs):
        super().__init__()
        self.rate = rate
        width = [1] + [FILTERS * level for level in range(1, LEVELS + 2)]
        self.down = torch.nn.ModuleList([Layer(width[i - 1], width[i], DOWN, i) for i in range(1, LEVELS + 1)])
        self.bottleneck = Layer(width[LEVELS], width[LEVELS + 1], DOWN, LEVELS + 1)
        self.up = torch.nn.ModuleList(
            [Layer(width[i] + width[i + 1], width[i], UP, i) for i in range(LEVELS, 0, -1)])
        frames = width[FRAME_LEVEL + 1]
        inputs = {"clip": frames + width[LEVELS + 1], "frame": frames, "sample": width[1] + 1}[rate]
        self.head = torch.nn.Conv1d(inputs, outputs, 1)

    def forward(self, sound):
        x, kept = sound, []
        for layer in self.down:
            kept.append(layer(x))
            x = kept[-1][..., ::2]
        deepest = x = self.bottleneck(x)
        for layer in self.up[:LEVELS if self.rate == "sample" else LEVELS - FRAME_LEVEL]:
            following = torch.cat([x[..., 1:], x[..., -1:]], -1)
            doubled = torch.stack([x, (x + following) / 2], -1).flatten(-2)
            x = layer(torch.cat([kept.pop(), doubled], 1))
        if self.rate == "clip":
            x = torch.cat([x.mean(-1, keepdim=True), deepest.mean(-1, keepdim=True)], 1)
        if self.rate == "sample":
            level = torch.sqrt(torch.mean(sound ** 2, (1, 2), keepdim=True) + 1e-8)
            return self.head(torch.cat([x, sound / level], 1)) * level
        return self.head(x)


def ours(name, tensor):
    """Our name and layout of a parameter."""
    parts = name.split(".")
    if "norm" in parts:
        name = name.replace("weight", "scale").replace("bias", "shift")
    if parts[0] == "head":
        tensor = tensor[..., 0].T if tensor.dim() == 3 else tensor
        return name, tensor.detach().contiguous()
    return ("trunk." + name), (tensor.permute(2, 1, 0) if tensor.dim() == 3 else tensor).detach().contiguous()


def main(folder):
    for rate, outputs in [("clip", 3), ("frame", 4), ("sample", 2)]:
        torch.manual_seed(len(rate))
        model = Universal(rate, outputs)
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        x = torch.rand(2, 1, 64) * 2 - 1
        write_twin(f"{folder}/universal-mir-{rate}.safetensors", model, x, ours)


if __name__ == "__main__":
    main(sys.argv[1])
