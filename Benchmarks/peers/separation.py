"""Separation of a stereo song by Wave-U-Net M4, ours against PyTorch's, in turn.

Ours is the whole command `swiftdl separate`, its time as its manifest tells it: reading, the network, writing both
stems. PyTorch runs the network alone, on windows of the length published and on long ones, every Conv1d as a Conv2d
over one row in channels_last memory, and as Conv1d, each with the C library's allocator and with jemalloc and huge
pages. The song is noise at the network's own rate, so that nothing is resampled. Prints medians, the ratio to the
best of PyTorch's, and peak memory.

Needs torch (2.13.0+cpu). Usage: python separation.py SWIFTDL [--seconds 60] [--runs 5] [--threads 2]
"""
import argparse, json, os, random, statistics, struct, subprocess, sys, tempfile, time

JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
RATE = 22050
arguments = argparse.ArgumentParser()
arguments.add_argument("ours", help="the swiftdl program; `peer` makes this process the peer")
arguments.add_argument("--seconds", type=int, default=60)
arguments.add_argument("--runs", type=int, default=5)
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--precisions", default="highest,high", help="of ours")
arguments.add_argument("--layout", default="channels_last")
arguments.add_argument("--bottleneck", type=int, default=9, help="frames after the deepest convolution: 9 as published")
arguments.add_argument("--json", help="the file for the results")
a = arguments.parse_args()


def peer():
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    from sequence_models import Layout, leaky
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    layout = Layout(a.layout == "channels_last")
    conv = layout.conv

    def twice(x):
        size = (1, 2 * x.shape[-1] - 1) if layout.last else 2 * x.shape[-1] - 1
        return F.interpolate(x, size=size, mode="bilinear" if layout.last else "linear", align_corners=True)

    def centre(x, frames):
        start = (x.shape[-1] - frames) // 2
        return x[..., start:start + frames]

    class WaveUNet(nn.Module):
        def __init__(s):
            super().__init__()
            width = [2] + [24 * i for i in range(1, 14)]
            s.down = nn.ModuleList([conv(width[i], width[i + 1], 15) for i in range(13)])
            s.up = nn.ModuleList([conv(width[i] + width[i + 1], width[i], 5) for i in range(12, 0, -1)])
            s.output = conv(26, 2, 1)

        def forward(s, x):
            mixture, skips = x, []
            for down in s.down[:-1]:
                x = leaky(down(x), 0.2)
                skips.append(x)
                x = x[..., ::2]
            x = leaky(s.down[-1](x), 0.2)
            for up in s.up:
                x = twice(x)
                x = leaky(up(torch.cat([centre(skips.pop(), x.shape[-1]), x], 1)), 0.2)
            mixture = centre(mixture, x.shape[-1])
            source = torch.tanh(s.output(torch.cat([mixture, x], 1)))
            return source, mixture - source

    outputs, inputs = 4096 * (a.bottleneck - 5) + 5, 4096 * (a.bottleneck + 27) - 13
    model = WaveUNet().eval()
    x = layout.signal(torch.rand(1, inputs, 2) - 0.5)
    if layout.last:
        x = x.contiguous(memory_format=torch.channels_last)
    assert sum(p.numel() for p in model.parameters()) == 10263390
    with torch.inference_mode():
        assert model(x)[0].shape[-1] == outputs
        print("ready", flush=True)
        for _ in sys.stdin:
            start = time.perf_counter()
            for _ in range(-(-a.seconds * RATE // outputs)):
                model(x)
            print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


def song(path):
    samples = random.Random(0)
    frames = a.seconds * RATE
    data = b"".join(struct.pack("<h", samples.randrange(-9000, 9000)) for _ in range(2 * frames))
    with open(path, "wb") as file:
        file.write(struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 2, RATE,
                               4 * RATE, 4, 16, b"data", len(data)) + data)


def peak(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))


def main():
    environment = dict(os.environ, OMP_NUM_THREADS=str(a.threads))
    jemalloc = environment | {
        "LD_PRELOAD": JEMALLOC, "MALLOC_CONF": "oversize_threshold:1,background_thread:true,metadata_thp:auto,"
        "thp:always,dirty_decay_ms:9000000000,muzzy_decay_ms:9000000000"}
    peers = {}
    for layout in ["channels_last", "ncl"]:
        for bottleneck in [9, 38]:
            for name, variables in [("glibc", environment), ("jemalloc", jemalloc)]:
                peers[f"torch {layout} {4096 * (bottleneck - 5) + 5} {name}"] = subprocess.Popen(
                    [sys.executable, __file__, "peer", "--layout", layout, "--bottleneck", str(bottleneck),
                     "--seconds", str(a.seconds), "--threads", str(a.threads)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables)
                peers[f"torch {layout} {4096 * (bottleneck - 5) + 5} {name}"].stdout.readline()
    ours = {f"ours {precision}": precision for precision in a.precisions.split(",")}
    seconds, memory = {name: [] for name in [*ours, *peers]}, {}
    with tempfile.TemporaryDirectory() as folder:
        song(f"{folder}/song.wav")
        subprocess.run([a.ours, "models", "init", "wave-u-net-m4", "-o", f"{folder}/m4.safetensors"], check=True,
                       stdout=subprocess.DEVNULL)
        for run in range(a.runs + 1):
            times = {}
            for name, precision in ours.items():
                subprocess.run([a.ours, "separate", f"{folder}/song.wav", "-m", f"{folder}/m4.safetensors", "-o", folder,
                                "--precision", precision, "--quiet", "--threads", str(a.threads)], check=True,
                               stdout=subprocess.DEVNULL)
                with open(f"{folder}/m4/song/manifest.json") as file:
                    manifest = json.load(file)
                times[name], memory[name] = manifest["seconds"], manifest["peak_memory_mib"]
            for name, process in peers.items():
                process.stdin.write("\n")
                process.stdin.flush()
                times[name] = json.loads(process.stdout.readline())["seconds"]
            if run > 0:  # the first warms up
                for name, value in times.items():
                    seconds[name].append(value)
    memory |= {name: peak(process) for name, process in peers.items()}
    for name, values in seconds.items():
        print(f"  {name:34} median {statistics.median(values):7.3f} s, {a.seconds / statistics.median(values):6.1f} "
              f"times real time, memory {memory[name]:5.0f} MB")
    best = min(peers, key=lambda name: statistics.median(seconds[name]))
    ratios = {name: statistics.median([t / o for o, t in zip(seconds[name], seconds[best])]) for name in ours}
    for name, ratio in ratios.items():
        print(f"  {best} / {name}: {ratio:.2f}")
    for process in peers.values():
        process.stdin.close()
        process.wait()
    if a.json:
        with open(a.json, "w") as file:
            json.dump({"song_seconds": a.seconds, "threads": a.threads, "ratios": ratios, "best_peer": best,
                       "memory_mb": memory, "seconds": seconds}, file, indent=1)


peer() if a.ours == "peer" else main()
