"""Frames a second that PyTorch generates with a WaveNet whose layers keep what they need of the past.

A sensible cached loop: one ring of frames per layer, two matrix products per layer and frame (the dilated taps side by side,
residual and skip convolution together), no autograd, one draw per frame. Prints JSON lines for one or more widths.

    python Benchmarks/peers/wavenet_generation.py --stacks 3 --layers 10 --width 64 --skip 256
"""
import argparse
import json
import time

import torch


class Stepper:
    def __init__(self, stacks, layers, width, skip, symbols, batch):
        def matrix(inputs, outputs):
            return (torch.rand(inputs, outputs) * 2 - 1) / inputs**0.5

        self.width, self.batch = width, batch
        self.table = torch.rand(symbols, width) * 2 - 1
        self.dilations = [2**j for _ in range(stacks) for j in range(layers)]
        count = len(self.dilations)
        self.taps = [matrix(2 * width, 2 * width) for _ in range(count)]
        self.tap_biases = [torch.zeros(2 * width) for _ in range(count)]
        self.mixes = [matrix(width, width + skip) for _ in range(count)]
        self.mix_biases = [torch.zeros(width + skip) for _ in range(count)]
        self.rings = [torch.zeros(d, batch, width) for d in self.dilations]
        self.hidden, self.hidden_bias = matrix(skip, skip), torch.zeros(skip)
        self.output, self.output_bias = matrix(skip, symbols), torch.zeros(symbols)

    def step(self, symbols, t):
        x = self.table[symbols]
        total = None
        for layer, dilation in enumerate(self.dilations):
            ring = self.rings[layer]
            slot = t % dilation
            both = torch.cat([ring[slot], x], dim=1)
            ring[slot] = x
            sums = torch.addmm(self.tap_biases[layer], both, self.taps[layer])
            gated = torch.tanh(sums[:, : self.width]) * torch.sigmoid(sums[:, self.width :])
            mixed = torch.addmm(self.mix_biases[layer], gated, self.mixes[layer])
            x = x + mixed[:, : self.width]
            skip = mixed[:, self.width :]
            total = skip if total is None else total + skip
        hidden = torch.relu(torch.addmm(self.hidden_bias, torch.relu(total), self.hidden))
        return torch.addmm(self.output_bias, hidden, self.output)


def measure(step, batch, seconds):
    symbols = torch.full((batch,), 128)
    rates = []
    with torch.inference_mode():
        for t in range(20):
            symbols = torch.multinomial(torch.softmax(step(symbols, t), dim=1), 1)[:, 0]
        for _ in range(5):
            start, frames = time.perf_counter(), 0
            while time.perf_counter() - start < seconds / 5:
                symbols = torch.multinomial(torch.softmax(step(symbols, frames + 20), dim=1), 1)[:, 0]
                frames += 1
            rates.append(frames * batch / (time.perf_counter() - start))
    return sorted(rates)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stacks", type=int, default=3)
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--skip", type=int, default=256)
    parser.add_argument("--symbols", type=int, default=256)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    stepper = Stepper(options.stacks, options.layers, options.width, options.skip, options.symbols, options.batch)
    step = torch.compile(stepper.step, dynamic=True) if options.compile else stepper.step
    rates = measure(step, options.batch, options.seconds)
    print(json.dumps({**vars(options), "framesPerSecond": {"median": rates[2], "best": rates[-1]}, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
