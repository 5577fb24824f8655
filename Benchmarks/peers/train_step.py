"""Training steps of the models, ours against PyTorch's, step by step in turn.

Both run forward, loss, backward and Adam on as many threads. PyTorch runs in its strongest forms: every Conv1d
as a Conv2d over one row in channels_last memory, and as Conv1d, each with the C library's allocator and with jemalloc
and huge pages (which of them is faster depends on the model); filters and gates as one convolution; symbols looked up, not one-hot; skip connections
cropped before they are convolved. --compile adds torch.compile. Prints medians, the ratio to the better of
PyTorch's, and peak memory less what each process held before its model was made.

Needs torch (2.13.0+cpu). Usage: python train_step.py OURS [MODEL ...] [--steps 7] [--threads 2]
"""
import argparse, itertools, json, os, statistics, subprocess, sys, time

MODELS = ["wave-u-net-m1", "seq-u-net-char", "seq-u-net-audio", "tcn-char", "wavenet-audio", "factor-gan"]
JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
arguments = argparse.ArgumentParser()
arguments.add_argument("ours", help="the TrainStep program; `peer` makes this process the peer")
arguments.add_argument("models", nargs="*", default=MODELS)
arguments.add_argument("--batch", type=int)
arguments.add_argument("--steps", type=int, default=7)
arguments.add_argument("--seconds", type=float, default=4, help="steps of fast models go on for this long")
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--layouts", default="channels_last,ncl")
arguments.add_argument("--precisions", default="highest,high", help="of ours")
arguments.add_argument("--compile", action="store_true")
arguments.add_argument("--allocators", default="glibc,jemalloc")
arguments.add_argument("--json", help="appends the results to this file, a line per model")
a = arguments.parse_args()


def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


def peer():
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)  # as ours: gradients too small for float32 count as zero
    print(json.dumps({"baseline_mb": resident()}), flush=True)
    torch.manual_seed(0)
    last = a.layouts == "channels_last"
    cl = torch.channels_last

    from sequence_models import Layout, SeqUNet, SeqUNetResidual, Tied, WaveNet, leaky, tcn
    layout = Layout(last)
    conv, signal = layout.conv, layout.signal

    def twice(x):
        scale = (1, 2) if last else 2
        return F.interpolate(x, scale_factor=scale, mode="bilinear" if last else "linear", align_corners=False)

    class WaveUNet(nn.Module):
        def __init__(s):
            super().__init__()
            width = [1] + [24 * i for i in range(1, 14)]
            s.down = nn.ModuleList([conv(width[i], width[i + 1], 15, padding=7) for i in range(13)])
            s.up = nn.ModuleList([conv(width[i] + width[i + 1], width[i], 5, padding=2) for i in range(12, 0, -1)])
            s.output = conv(25, 2, 1)

        def forward(s, x):
            mixture, skips = x, []
            for down in s.down[:-1]:
                x = leaky(down(x), 0.2)
                skips.append(x)
                x = x[..., ::2]
            x = leaky(s.down[-1](x), 0.2)
            for up in s.up:
                x = leaky(up(torch.cat([skips.pop(), twice(x)], 1)), 0.2)
            return torch.tanh(s.output(torch.cat([mixture, x], 1)))

    def supervised(model, x, target, loss):
        model.train()
        run = torch.compile(model) if a.compile else model
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)

        def step():
            optimizer.zero_grad(set_to_none=True)
            loss(run(x), target).backward()
            optimizer.step()
        return step

    def entropy(scored=None):
        return lambda y, t: F.cross_entropy((y if scored is None else y[:, -scored:]).flatten(0, 1), t.flatten())

    class GAN:
        """One update of the generator, with two of each of the four discriminators before it."""

        def __init__(s, batch):
            norm = nn.utils.parametrizations.spectral_norm
            s.batch, s.pairs = batch, torch.rand(batch, 1568)
            s.generator = nn.Sequential(nn.Linear(50, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(),
                                        nn.Linear(128, 1568), nn.Sigmoid())
            s.networks = [nn.Sequential(norm(nn.Linear(n, 128)), nn.LeakyReLU(0.01), norm(nn.Linear(128, 128)),
                                        nn.LeakyReLU(0.01), norm(nn.Linear(128, 1))) for n in (784, 784, 1568, 1568)]
            adam = lambda m: torch.optim.Adam(m.parameters(), lr=1e-4, betas=(0.5, 0.999), fused=True)
            s.adam, s.adams = adam(s.generator), [adam(m) for m in s.networks]

        def noise(s):
            return torch.rand(s.batch, 50) * 2 - 1

        def shuffled(s, pairs):
            return torch.cat([pairs[:, :784], pairs[torch.randperm(s.batch), 784:]], 1)

        def learn(s, i, real, fake):
            s.adams[i].zero_grad(set_to_none=True)
            yes, no = s.networks[i](real), s.networks[i](fake)
            (F.binary_cross_entropy_with_logits(yes, torch.ones_like(yes))
             + F.binary_cross_entropy_with_logits(no, torch.zeros_like(no))).backward()
            s.adams[i].step()

        def fake(s):
            with torch.no_grad():
                return s.generator(s.noise())

        def step(s):
            for network in s.networks:
                network.requires_grad_(True)
            for _ in range(2):
                for i in range(2):
                    part = slice(784 * i, 784 * (i + 1))
                    s.learn(i, s.pairs[:, part], s.fake()[:, part])
                s.learn(2, s.pairs, s.shuffled(s.pairs))
                fake = s.fake()
                s.learn(3, fake, s.shuffled(fake))
            for network in s.networks:
                network.requires_grad_(False)
            s.adam.zero_grad(set_to_none=True)
            pair = s.generator(s.noise())
            logit = (s.networks[0](pair[:, :784]) + s.networks[1](pair[:, 784:]) + s.networks[2](pair)
                     - s.networks[3](pair))
            F.binary_cross_entropy_with_logits(logit, torch.ones_like(logit)).backward()
            s.adam.step()

    symbols = lambda batch, frames, count: torch.randint(0, count, (batch, frames))
    name = a.models[0]
    if name == "wave-u-net-m1":
        b = a.batch or 16
        x, target = torch.rand(b, 16384, 1) * 2 - 1, torch.rand(b, 16384, 2) * 2 - 1
        placed = lambda t: signal(t).contiguous(memory_format=cl) if last else signal(t)
        step = supervised(WaveUNet(), placed(x), placed(target), F.mse_loss)
    elif name == "seq-u-net-char":
        b = a.batch or 16
        step = supervised(Tied(layout, SeqUNet(layout)), symbols(b, 397, 50), symbols(b, 325, 50), entropy())
    elif name == "tcn-char":
        b = a.batch or 16
        step = supervised(Tied(layout, tcn(layout)), symbols(b, 400, 50), symbols(b, 320, 50), entropy(320))
    elif name == "seq-u-net-audio":
        b = a.batch or 2
        step = supervised(SeqUNetResidual(layout), symbols(b, 36857, 256), symbols(b, 5120, 256), entropy())
    elif name == "wavenet-audio":
        b = a.batch or 1
        step = supervised(WaveNet(layout), symbols(b, 37764, 256), symbols(b, 5000, 256), entropy())
    else:
        step = GAN(a.batch or 25).step
    for _ in sys.stdin:
        start = time.perf_counter()
        step()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


def peak(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))


def compare(model):
    environment = dict(os.environ, SWIFTDL_THREADS=str(a.threads), OMP_NUM_THREADS=str(a.threads))
    environments = {"glibc": environment, "jemalloc": environment | {
        "LD_PRELOAD": JEMALLOC, "MALLOC_CONF": "oversize_threshold:1,background_thread:true,metadata_thp:auto,"
        "thp:always,dirty_decay_ms:9000000000,muzzy_decay_ms:9000000000"}}
    batch = [str(a.batch)] if a.batch else []
    ours = {f"ours {precision}": precision for precision in a.precisions.split(",")}
    commands = {name: ([a.ours, model, "--precision", precision] + batch, environment) for name, precision in ours.items()}
    layouts = ["channels_last"] if model == "factor-gan" else a.layouts.split(",")
    for layout, allocator in itertools.product(layouts, a.allocators.split(",")):
        commands[f"torch {layout} {allocator}"] = (
            [sys.executable, __file__, "peer", model, "--threads", str(a.threads), "--layouts", layout]
            + (["--batch"] + batch if batch else []) + (["--compile"] if a.compile else []), environments[allocator])
    processes = {
        name: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        for name, (command, env) in commands.items()
    }
    answer = lambda name: json.loads(processes[name].stdout.readline())
    baseline = {name: answer(name)["baseline_mb"] for name in processes}
    seconds, faults = {name: [] for name in processes}, 0
    step, start = 0, time.perf_counter()
    while step < a.steps + 2 or (time.perf_counter() - start < a.seconds and step < 400):
        for name, process in processes.items():
            process.stdin.write("\n")
            process.stdin.flush()
            line = answer(name)
            if step >= 2:
                seconds[name].append(line["seconds"])
                faults = line.get("page_faults", faults)
        step += 1
    memory = {name: peak(process) - baseline[name] for name, process in processes.items()}
    best = min((n for n in processes if n not in ours), key=lambda n: statistics.median(seconds[n]))
    ratios = {precision: statistics.median([t / o for o, t in zip(seconds[name], seconds[best])])
              for name, precision in ours.items()}
    share = max(memory[name] for name in ours) / min(m for n, m in memory.items() if n not in ours)
    print(f"{model}, {a.threads} threads{', compiled' if a.compile else ''}")
    for name, values in seconds.items():
        print(f"  {name:28}  median {statistics.median(values):8.4f} s  best {min(values):8.4f} s  "
              f"memory {memory[name]:5} MB (before: {baseline[name]})")
    print(f"  {best} / ours: {', '.join(f'{precision} {ratio:.2f}' for precision, ratio in ratios.items())}; "
          f"memory {share:.0%} of the least; {faults} page faults in our last step", flush=True)
    for process in processes.values():
        process.stdin.close()
        process.wait()
    if a.json:
        with open(a.json, "a") as file:
            file.write(json.dumps({"model": model, "threads": a.threads, "compiled": a.compile, "ratio": ratios,
                                   "memory": share, "memory_mb": memory,
                                   "median_s": {n: statistics.median(v) for n, v in seconds.items()}}) + "\n")
    return ratios, share


def main():
    results = [compare(model) for model in a.models]
    for precision in a.precisions.split(","):
        ratios = [ratios[precision] for ratios, _ in results]
        print(f"{precision}: geometric mean {statistics.geometric_mean(ratios):.2f}, least {min(ratios):.2f}")
    print(f"memory at most {max(s for _, s in results):.0%}")


peer() if a.ours == "peer" else main()
