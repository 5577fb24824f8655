"""U7, the U-Net over spectrograms, in PyTorch: the twin whose outputs and gradients ours must equal.

Writes two safetensors files to Tests/SwiftDLModelsTests/Fixtures, of inference and of training: weights in our names
and layout, an input, the output, and the gradients of mean((output - target)^2).

Source: Stoller, Ewert, Dixon, ISMIR 2018, section 5.2, and the authors' code, whose transforms are TensorFlow's.
Made with torch 2.13.0+cpu and safetensors 0.6. Usage: python spectrogram_u_net.py FIXTURES
"""
import sys
import torch
import torch.nn.functional as F
from twin import write_twin

SIZE, HOP, LEVELS, FEATURES, SOURCES, FRAMES = 32, 24, 3, 4, 2, 16


class Down(torch.nn.Module):
    def __init__(s, i, o):
        super().__init__()
        s.conv, s.norm = torch.nn.Conv2d(i, o, 5, stride=2), torch.nn.BatchNorm2d(o, eps=1e-3, momentum=1e-3)

    def forward(s, x):
        return F.leaky_relu(s.norm(s.conv(F.pad(x, (1, 2, 1, 2)))), 0.2)


class Up(torch.nn.Module):
    def __init__(s, i, o, last):
        super().__init__()
        s.conv = torch.nn.ConvTranspose2d(i, o, 5, stride=2)
        if not last:
            s.norm = torch.nn.BatchNorm2d(o, eps=1e-3, momentum=1e-3)

    def forward(s, x):
        y = s.conv(x)[:, :, 1:-2, 1:-2]
        return F.relu(s.norm(y)) if hasattr(s, "norm") else torch.sigmoid(y)


class Mask(torch.nn.Module):
    def __init__(s):
        super().__init__()
        widths = [FEATURES << i for i in range(LEVELS)]
        s.down = torch.nn.ModuleList([Down(1 if i == 0 else widths[i - 1], widths[i]) for i in range(LEVELS)])
        s.up = torch.nn.ModuleList([
            Up(widths[i] * (1 if i == LEVELS - 1 else 2), 1 if i == 0 else widths[i - 1], i == 0)
            for i in reversed(range(LEVELS))])

    def forward(s, magnitude):
        x, skips = torch.log1p(magnitude[:, None, :, :-1]), []
        for block in s.down:
            x = block(x)
            skips.append(x)
        skips.pop()
        for block in s.up[:-1]:
            x = torch.cat([skips.pop(), block(x)], 1)
        return F.pad(s.up[-1](x)[:, 0], (0, 1), value=0.5)


class SpectrogramUNet(torch.nn.Module):
    def __init__(s):
        super().__init__()
        s.networks = torch.nn.ModuleList([Mask() for _ in range(SOURCES)])

    def forward(s, x):
        window = torch.hann_window(SIZE, periodic=True)
        energy = torch.zeros(HOP)
        for n in range(SIZE):
            energy[n % HOP] += window[n] ** 2
        back = window / energy[torch.arange(SIZE) % HOP]
        spectrum = torch.fft.rfft(x[:, 0].unfold(1, SIZE, HOP) * window)
        outputs = []
        for network in s.networks:
            frames = torch.fft.irfft(spectrum * network(spectrum.abs())) * back
            y = torch.zeros_like(x[:, 0])
            for m in range(frames.shape[1]):
                y[:, m * HOP:m * HOP + SIZE] += frames[:, m]
            outputs.append(y)
        return torch.stack(outputs, 1)


def ours(name, tensor):
    """Our name and layout of a parameter."""
    name = name.replace("norm.bias", "norm.shift").replace("running_mean", "runningMean")
    name = name.replace("running_var", "runningVariance")
    if tensor.dim() == 4:
        # [out, in, height, width], of transposed ones [in, out, height, width].
        tensor = tensor.permute(2, 3, 1, 0)
    return name, tensor


def main(folder):
    for mode in ("inference", "training"):
        torch.manual_seed(7)
        model = SpectrogramUNet().train(mode == "training")
        for name, parameter in model.named_parameters():
            if "norm.weight" in name:
                parameter.requires_grad_(False)
            if "norm.bias" in name:
                parameter.data = 0.3 * torch.randn_like(parameter)
        if mode == "inference":
            for name, buffer in model.named_buffers():
                if "running_mean" in name:
                    buffer.copy_(0.3 * torch.randn_like(buffer))
                if "running_var" in name:
                    buffer.copy_(0.5 + torch.rand_like(buffer))
        x = torch.rand(2, 1, (FRAMES - 1) * HOP + SIZE) * 2 - 1
        write_twin(f"{folder}/spectrogram-u-net-{mode}.safetensors", model, x, ours)


main(sys.argv[1])
