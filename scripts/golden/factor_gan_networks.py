"""Small twins of FactorGAN's convolutional networks: the U-Net generators, the generator and the discriminator of images.

Writes Tests/SwiftDLModelsTests/Fixtures/{generator-u-net-image,generator-u-net-audio,conv-generator,conv-discriminator}
.safetensors, and prints the published networks' parameter counts. Weights lie in our layout.
Versions: Python 3.11, torch 2.13.0, safetensors 0.8.0.
"""
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(7)
fixtures = pathlib.Path(__file__).parents[2] / "Tests/SwiftDLModelsTests/Fixtures"


class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.convolutions = nn.ModuleList([nn.Conv2d(i, o, 3, padding=1), nn.Conv2d(o, o, 3, padding=1)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(o), nn.BatchNorm2d(o)])

    def forward(self, x):
        for conv, norm in zip(self.convolutions, self.norms):
            x = F.relu(norm(conv(x)))
        return x


class UNet(nn.Module):
    def __init__(self, inputs, outputs, features, height, width, noise, sources):
        super().__init__()
        down = [features * i for i in [1, 2, 4, 8, 8]]
        up = [features * i for i in [4, 2, 1, 1]]
        self.size, self.sources = (height // 16, width // 16), sources
        self.down = nn.ModuleList([Block(i, o) for i, o in zip([inputs] + down, down)])
        self.noise = nn.Linear(noise, 2 * self.size[0] * self.size[1])
        below = [down[4] + 2] + up
        self.up = nn.ModuleList([Block(below[i] + down[3 - i], up[i]) for i in range(4)])
        self.output = nn.Conv2d(up[3], outputs, 1)

    def forward(self, condition):
        x, skips = condition, []
        for index, block in enumerate(self.down):
            x = block(x if index == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        skips.pop()
        noise = torch.zeros(len(x), self.noise.in_features)
        x = torch.cat([x, self.noise(noise).view(-1, 2, *self.size)], 1)
        for block in self.up:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
            x = block(torch.cat([skips.pop(), x], 1))
        answer = torch.sigmoid(self.output(x))
        if not self.sources:
            return answer
        magnitudes = torch.expm1(condition)
        return torch.cat([torch.log1p(answer * magnitudes), torch.log1p((1 - answer) * magnitudes)], 1)


class Generator(nn.Module):
    def __init__(self, noise, features, channels):
        super().__init__()
        width = [noise] + features + [channels]
        self.layers = nn.ModuleList([
            nn.ConvTranspose2d(width[i], width[i + 1], 4, stride=2 if i else 1, padding=1 if i else 0)
            for i in range(len(width) - 1)])

    def forward(self, noise):
        x = noise[..., None, None]
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return torch.sigmoid(self.layers[-1](x))


class Discriminator(nn.Module):
    def __init__(self, channels, features, height, width):
        super().__init__()
        widths = [channels] + features
        self.convolutions = nn.ModuleList([spectral_norm(nn.Conv2d(i, o, 4, stride=2, padding=1))
                                           for i, o in zip(widths, features)])
        rest = features[-1] * (height >> len(features)) * (width >> len(features))
        self.output = spectral_norm(nn.Linear(rest, 1, bias=False))

    def forward(self, x):
        for conv in self.convolutions:
            x = F.leaky_relu(conv(x), 0.01)
        return self.output(x.permute(0, 2, 3, 1).flatten(1))


def write(name, model, x):
    # The estimates of singular vectors and moments, as they are before the pass.
    buffers = {}
    for layer, module in model.named_modules():
        if hasattr(module, "parametrizations"):
            estimate, weight = module.parametrizations.weight[0], module.weight
            v = estimate._v.view(weight.shape[1:])
            buffers[f"buffers/{layer}.u"] = estimate._u
            buffers[f"buffers/{layer}.v"] = v.permute(1, 2, 0).flatten() if v.dim() == 3 else v
        if isinstance(module, nn.BatchNorm2d):
            buffers[f"buffers/{layer}.runningMean"] = module.running_mean
            buffers[f"buffers/{layer}.runningVariance"] = module.running_var
    buffers = {name: value.detach().clone() for name, value in buffers.items()}
    y = model(x)
    target = torch.rand_like(y) - 0.5
    torch.mean((y - target) ** 2).backward()
    last = lambda t: t.permute(0, 2, 3, 1) if t.dim() == 4 else t

    def ours(parameter, value):
        if parameter.startswith("noise."):  # [maps, rows, columns] to [rows, columns, maps]
            value = value.view(2, *model.size, -1).permute(1, 2, 0, 3).flatten(0, 2).squeeze(-1)
        if "layers" in parameter and value.dim() == 4:  # transposed: [in, out, h, w]
            return value.permute(2, 3, 1, 0)
        return value.permute(2, 3, 1, 0) if value.dim() == 4 else value.T if value.dim() == 2 else value

    names = {"norms.0.weight": "norms.0.scale", "norms.0.bias": "norms.0.shift", "norms.1.weight": "norms.1.scale",
             "norms.1.bias": "norms.1.shift", "parametrizations.weight.original": "base.weight"}

    def key(parameter):
        for old, new in names.items():
            parameter = parameter.replace(old, new)
        if isinstance(model, Discriminator) and parameter.endswith("bias"):
            parameter = parameter[:-len("bias")] + "base.bias"
        return parameter

    tensors = {"input": last(x), "output": last(y), "target": last(target), **buffers}
    for parameter, value in model.named_parameters():
        tensors["weights/" + key(parameter)] = ours(parameter, value)
        tensors["gradients/" + key(parameter)] = ours(parameter, value.grad)
    save_file({k: v.detach().contiguous() for k, v in tensors.items()}, fixtures / f"{name}.safetensors")
    print(name, tuple(x.shape), tuple(y.shape))


if __name__ == "__main__":
    write("generator-u-net-image", UNet(3, 2, 2, 16, 32, 5, False), torch.rand(3, 3, 16, 32))
    write("generator-u-net-audio", UNet(1, 1, 2, 32, 16, 5, True), torch.rand(3, 1, 32, 16) * 3)
    write("conv-generator", Generator(5, [8, 4], 3), torch.rand(2, 5) * 2 - 1)
    write("conv-discriminator", Discriminator(2, [3, 6], 32, 16), torch.rand(3, 2, 32, 16))
    count = lambda model: sum(p.numel() for p in model.parameters())
    print(count(UNet(3, 3, 32, 128, 128, 50, False)), count(UNet(1, 1, 32, 256, 128, 50, True)))
    print(count(Generator(50, [512, 256, 128, 64], 4)), count(Discriminator(4, [32, 64, 128, 256], 64, 64)))
    five = [32, 64, 128, 256, 512]
    print(count(Discriminator(6, five, 128, 128)), count(Discriminator(2, five, 256, 128)))
