"""The mask TCN in PyTorch: the twin whose outputs and gradients ours must equal.

Writes mask-tcn.safetensors to Tests/SwiftDLModelsTests/Fixtures: weights in our names and layout, an input, the output, and the
gradients of mean((output - target)^2). Two channels, three sources, frames half overlapping, three frames looked ahead.
Made with torch 2.13.0+cpu and safetensors 0.6. Usage: python mask_tcn.py FIXTURES
"""
import sys
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from sequence_nets import TCN, ours

SIZE, HOP, WIDTH, CHANNELS, SOURCES, AHEAD, FRAMES = 32, 16, 6, 2, 3, 3, 20


class MaskTCN(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bins = SIZE // 2 + 1
        self.entrance = torch.nn.Conv1d(CHANNELS * self.bins, WIDTH, 1)
        self.network = TCN(WIDTH, [WIDTH, WIDTH], (SOURCES - 1) * CHANNELS * self.bins, 3)

    def forward(self, x):
        window = torch.hann_window(SIZE, periodic=True)
        energy = torch.zeros(HOP).index_add(0, torch.arange(SIZE) % HOP, window ** 2)
        back = window / energy[torch.arange(SIZE) % HOP]
        # [batch, channels, frames, bins]
        spectrum = torch.fft.rfft(x.unfold(2, SIZE, HOP) * window)
        features = torch.log1p(spectrum.abs()).transpose(2, 3).reshape(x.shape[0], -1, spectrum.shape[2])
        logits = self.network(F.relu(self.entrance(F.pad(features, (0, AHEAD)))))[..., AHEAD:]
        masks = torch.sigmoid(logits).view(x.shape[0], SOURCES - 1, CHANNELS, self.bins, -1).transpose(3, 4)
        outputs = []
        for source in range(SOURCES - 1):
            frames = torch.fft.irfft(spectrum * masks[:, source]) * back
            y = torch.zeros_like(x)
            for m in range(frames.shape[2]):
                y[..., m * HOP:m * HOP + SIZE] += frames[:, :, m]
            outputs.append(y)
        return torch.cat(outputs + [x - sum(outputs)], 1)

    def fields(self, values):
        own = {"entrance.weight": ours(values[self.entrance.weight]), "entrance.bias": values[self.entrance.bias]}
        return own | {"network." + name: value for name, value in self.network.fields(values).items()}


def main(folder):
    torch.manual_seed(8)
    model = MaskTCN()
    x = torch.rand(2, CHANNELS, (FRAMES - 1) * HOP + SIZE) * 2 - 1
    y = model(x)
    target = torch.rand_like(y) - 0.5
    torch.mean((y - target) ** 2).backward()
    tensors = {"input": x.transpose(1, 2), "output": y.transpose(1, 2), "target": target.transpose(1, 2)}
    for part, values in ("weights/", {p: p.detach() for p in model.parameters()}), (
            "gradients/", {p: p.grad for p in model.parameters()}):
        tensors |= {part + name: value for name, value in model.fields(values).items()}
    save_file({k: v.detach().contiguous() for k, v in tensors.items()}, f"{folder}/mask-tcn.safetensors")


if __name__ == "__main__":
    main(sys.argv[1])
