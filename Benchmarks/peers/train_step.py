"""Wave-U-Net M1's training step, ours against PyTorch's, step by step in turn.

Both run forward, mean squared error, backward and Adam on 2 threads (or --threads). PyTorch runs in its
strongest layout: every Conv1d as a Conv2d over one row in channels_last memory, or in the usual one with
--layout ncl. Prints medians, their ratio and each process's peak memory.

Needs torch (2.13.0+cpu). Usage: python train_step.py OURS [--batch 16] [--frames 16384] [--steps 7]
"""
import argparse, json, os, resource, statistics, subprocess, sys, time

arguments = argparse.ArgumentParser()
arguments.add_argument("ours", nargs="?", help="the TrainStep program; without it this process is the peer")
arguments.add_argument("--batch", type=int, default=16)
arguments.add_argument("--frames", type=int, default=16384)
arguments.add_argument("--steps", type=int, default=7)
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--layout", choices=["channels_last", "ncl"], default="channels_last")
a = arguments.parse_args()


def peer():
    import torch
    import torch.nn.functional as F
    torch.set_num_threads(a.threads)
    last = a.layout == "channels_last"

    def conv(i, o, k):
        if not last:
            return torch.nn.Conv1d(i, o, k, padding=k // 2)
        return torch.nn.Conv2d(i, o, (1, k), padding=(0, k // 2)).to(memory_format=torch.channels_last)

    class WaveUNet(torch.nn.Module):
        def __init__(self):
            super().__init__()
            width = [1] + [24 * i for i in range(1, 14)]
            self.down = torch.nn.ModuleList([conv(width[i], width[i + 1], 15) for i in range(13)])
            self.up = torch.nn.ModuleList([conv(width[i] + width[i + 1], width[i], 5) for i in range(12, 0, -1)])
            self.output = conv(25, 2, 1)

        def forward(self, x):
            mixture, skips = x, []
            for down in self.down[:-1]:
                x = F.leaky_relu(down(x), 0.2, inplace=True)
                skips.append(x)
                x = x[..., ::2]
            x = F.leaky_relu(self.down[-1](x), 0.2, inplace=True)
            for up in self.up:
                scale = (1, 2) if last else 2
                x = F.interpolate(x, scale_factor=scale, mode="bilinear" if last else "linear", align_corners=False)
                x = F.leaky_relu(up(torch.cat([skips.pop(), x], 1)), 0.2, inplace=True)
            return torch.tanh(self.output(torch.cat([mixture, x], 1)))

    torch.manual_seed(0)
    model = WaveUNet()
    x, target = torch.rand(a.batch, 1, a.frames) * 2 - 1, torch.rand(a.batch, 2, a.frames) * 2 - 1
    if last:
        x = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        target = target.unsqueeze(2).contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        F.mse_loss(model(x), target).backward()
        optimizer.step()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


def peak(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))


def main():
    environment = dict(os.environ, SWIFTDL_THREADS=str(a.threads), OMP_NUM_THREADS=str(a.threads))
    commands = {
        "ours": [a.ours, "wave-u-net-m1", str(a.batch), str(a.frames)],
        "torch": [sys.executable, __file__, "--batch", str(a.batch), "--frames", str(a.frames),
                  "--threads", str(a.threads), "--layout", a.layout],
    }
    processes = {
        name: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for name, command in commands.items()
    }
    seconds = {name: [] for name in processes}
    for step in range(a.steps + 2):
        for name, process in processes.items():
            process.stdin.write("\n")
            process.stdin.flush()
            value = json.loads(process.stdout.readline())["seconds"]
            if step >= 2:
                seconds[name].append(value)
    print(f"Wave-U-Net M1, one training step, batch {a.batch}, {a.frames} frames, {a.threads} threads, {a.layout}")
    for name, values in seconds.items():
        print(f"  {name:5}  median {statistics.median(values):.3f} s  best {min(values):.3f} s  "
              f"peak memory {peak(processes[name])} MB")
    ratios = [t / o for o, t in zip(seconds["ours"], seconds["torch"])]
    print(f"  torch / ours, pair by pair: median {statistics.median(ratios):.2f}")
    for process in processes.values():
        process.stdin.close()
        process.wait()


main() if a.ours else peer()
