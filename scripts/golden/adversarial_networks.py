"""Small twins of the networks of adversarial separation: the U-Net without edges and the critic of spectrograms.

Writes Tests/SwiftDLModelsTests/Fixtures/adversarial-u-net.safetensors and spectrogram-critic.safetensors.
Versions: Python 3.11, torch 2.13.0, safetensors 0.8.0.
"""
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(3)
fixtures = pathlib.Path(__file__).parents[2] / "Tests/SwiftDLModelsTests/Fixtures"


def centre(x, like):
    top, left = (x.shape[2] - like.shape[2]) // 2, (x.shape[3] - like.shape[3]) // 2
    return x[:, :, top:top + like.shape[2], left:left + like.shape[3]]


class UNet(nn.Module):
    def __init__(self, features, levels, sources):
        super().__init__()
        width = [1] + [features << i for i in range(levels + 1)]
        self.down = nn.ModuleList([nn.Conv2d(width[i], width[i + 1], 3) for i in range(levels + 1)])
        self.up = nn.ModuleList([nn.ModuleDict({
            "doubling": nn.ConvTranspose2d(2 * f, f, 2, stride=2), "conv": nn.Conv2d(2 * f, f, 3),
        }) for f in [features << i for i in reversed(range(levels))]])
        self.output = nn.Conv2d(features + 1, sources, 1)

    def forward(self, mixture):
        x, skips = F.relu(self.down[0](mixture)), []
        for conv in self.down[1:]:
            skips.append(x)
            x = F.relu(conv(F.max_pool2d(x, 2)))
        for block in self.up:
            x = F.relu(block["doubling"](x))
            x = F.relu(block["conv"](torch.cat([centre(skips.pop(), x), x], 1)))
        return F.relu(self.output(torch.cat([centre(mixture, x), x], 1)))


class Critic(nn.Module):
    def __init__(self, halving, halving_bins, hidden, rest):
        super().__init__()
        width = [1] + halving + halving_bins
        self.both = len(halving)
        self.convolutions = nn.ModuleList([
            nn.Conv2d(width[i], width[i + 1], (4, 4) if i < self.both else (4, 2),
                      stride=(2, 2) if i < self.both else (2, 1)) for i in range(len(width) - 1)])
        self.hidden, self.output = nn.Linear(rest, hidden), nn.Linear(hidden, 1, bias=False)

    def forward(self, x):
        for index, conv in enumerate(self.convolutions):
            # As TensorFlow's “same”: of an odd number of zeros the extra one stands at the end.
            x = F.pad(x, (1, 1, 1, 1) if index < self.both else (0, 1, 1, 1))
            x = F.leaky_relu(conv(x), 0.2)
        return self.output(F.leaky_relu(self.hidden(x.permute(0, 2, 3, 1).flatten(1)), 0.2))


def ours(value):
    return value.permute(2, 3, 1, 0) if value.dim() == 4 else value.T if value.dim() == 2 else value


def write(name, model, x):
    # So that every layer has something to say: as PyTorch draws them, many of the small U-Net's units are dead.
    for parameter, value in model.named_parameters():
        if value.dim() > 1:
            nn.init.kaiming_normal_(value)
        else:
            nn.init.uniform_(value, 0.1, 0.3)
    y = model(x)
    target = torch.rand_like(y) - 0.5
    torch.mean((y - target) ** 2).backward()
    last = lambda t: t.permute(0, 2, 3, 1) if t.dim() == 4 else t
    tensors = {"input": last(x), "output": last(y), "target": last(target)}
    for parameter, value in model.named_parameters():
        tensors[f"weights/{parameter}"] = ours(value)
        tensors[f"gradients/{parameter}"] = ours(value.grad)
    save_file({k: v.detach().contiguous() for k, v in tensors.items()}, fixtures / f"{name}.safetensors")
    print(name, tuple(x.shape), tuple(y.shape))


if __name__ == "__main__":
    write("adversarial-u-net", UNet(3, 2, 2), torch.rand(2, 1, 38, 30))
    write("spectrogram-critic", Critic([3, 4], [5], 6, 4 * 4 * 5), torch.randn(2, 1, 32, 16))
    full = UNet(16, 4, 2)
    print(sum(p.numel() for p in full.parameters()), tuple(full(torch.zeros(1, 1, 350, 158)).shape))
    print(sum(p.numel() for p in Critic([32, 64, 128, 256], [256, 256], 32, 4096).parameters()))
