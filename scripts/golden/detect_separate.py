"""A small twin of the network that finds and separates singing.

Writes Tests/SwiftDLModelsTests/Fixtures/detect-separate.safetensors. Versions: Python 3.11, torch 2.13.0, safetensors 0.8.0.
"""
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(5)
fixtures = pathlib.Path(__file__).parents[2] / "Tests/SwiftDLModelsTests/Fixtures"


def centre(x, like):
    top, left = (x.shape[2] - like.shape[2]) // 2, (x.shape[3] - like.shape[3]) // 2
    return x[:, :, top:top + like.shape[2], left:left + like.shape[3]]


def leaky(x):
    return F.leaky_relu(x, 0.2)


class DetectSeparate(nn.Module):
    def __init__(self, features, levels, block_features, deepest_bins, output_bins):
        super().__init__()
        width = [1] + [features << i for i in range(levels + 1)]
        deepest = width[-1]
        self.down = nn.ModuleList([nn.Conv2d(width[i], width[i + 1], 3) for i in range(levels + 1)])
        self.block = nn.ModuleDict({
            "over": nn.Conv2d(deepest, block_features, (deepest_bins, 1)),
            "back": nn.ConvTranspose2d(block_features, deepest, (deepest_bins, 1)),
        })
        self.up = nn.ModuleList([nn.ModuleDict({
            "doubling": nn.ConvTranspose2d((4 if i == levels - 1 else 2) * (features << i), features << i, 2, stride=2),
            "conv": nn.Conv2d(2 * (features << i), features << i, 3),
        }) for i in reversed(range(levels))])
        self.mask = nn.Conv2d(features + 1, 1, 1)
        self.detection = nn.Conv2d(features + 1, 1, (output_bins, 1))

    def forward(self, mixture):
        x, skips = F.relu(self.down[0](mixture)), []
        for conv in self.down[1:]:
            skips.append(x)
            x = leaky(conv(F.max_pool2d(x, 2)))
        x = torch.cat([x, leaky(self.block["back"](leaky(self.block["over"](x))))], 1)
        for block in self.up:
            x = leaky(block["doubling"](x))
            x = leaky(block["conv"](torch.cat([centre(skips.pop(), x), x], 1)))
        x = torch.cat([x, centre(mixture, x)], 1)
        return torch.sigmoid(torch.cat([self.mask(x), self.detection(x)], 2))


model = DetectSeparate(3, 2, 5, 6, 18)
for parameter, value in model.named_parameters():
    if value.dim() > 1:
        nn.init.kaiming_normal_(value)
    else:
        nn.init.uniform_(value, -0.2, 0.3)
# The detector sums so many bins that its sigmoid would have nothing left to say.
with torch.no_grad():
    model.detection.weight *= 0.1
    model.mask.weight *= 0.3
x = torch.rand(2, 1, 38, 30)
y = model(x)
target = torch.rand_like(y)
torch.mean((y - target) ** 2).backward()
last = lambda t: t.permute(0, 2, 3, 1)
tensors = {"input": last(x), "output": last(y), "target": last(target)}
for parameter, value in model.named_parameters():
    ours = lambda t: t.permute(2, 3, 1, 0) if t.dim() == 4 else t
    tensors[f"weights/{parameter}"] = ours(value)
    tensors[f"gradients/{parameter}"] = ours(value.grad)
save_file({k: v.detach().contiguous() for k, v in tensors.items()}, fixtures / "detect-separate.safetensors")
print(tuple(x.shape), tuple(y.shape), float(y.detach().min()), float(y.detach().max()))
full = DetectSeparate(16, 4, 512, 18, 258)
print(sum(p.numel() for p in full.parameters()), tuple(full(torch.zeros(1, 1, 350, 222)).shape))
