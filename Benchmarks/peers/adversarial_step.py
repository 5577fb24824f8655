"""Adversarial separation, ours against PyTorch's: seconds of an update of the separator, in turn, and peak memory.

The setting of `swiftdl reproduce adversarial-separation`: a U-Net of 4 features and 4 levels for two sources, critics of a
quarter of the paper's features, batches of 8. An update is that of the separator, and before it, of variants v and va, five
of every critic, with the spectrograms of all excerpts. PyTorch runs eagerly with its fused Adam, on noise that is there
already; ours also reads its excerpts. Each turn runs some updates; the first is not counted. Memory is the peak of the whole
process, and of that what the updates added: ours as its summary tells of tensors, PyTorch's less what torch itself takes.

Needs torch (2.13.0+cpu). Usage: python adversarial_step.py SWIFTDL SONGS CACHE [--threads 1] [--turns 5] [--updates 20]
SONGS is the `songs.yaml` of a reproduction's runs, CACHE its folder of decoded recordings.
"""
import argparse, json, os, resource, statistics, subprocess, sys, tempfile, time

arguments = argparse.ArgumentParser()
arguments.add_argument("ours", help="the swiftdl program; `peer` makes this process the peer")
arguments.add_argument("songs", nargs="?", default="")
arguments.add_argument("cache", nargs="?", default="")
arguments.add_argument("--variant", default="base", choices=["base", "v", "va"], help="of the peer")
arguments.add_argument("--threads", type=int, default=1)
arguments.add_argument("--turns", type=int, default=5)
arguments.add_argument("--updates", type=int, default=20)
arguments.add_argument("--json", help="writes the results to this file")
a = arguments.parse_args()


def peer():
    import torch
    import torch.nn.functional as F

    sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/golden"))
    from adversarial_networks import Critic, UNet, centre
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    frame, hop, bins, batch, sources = 512, 256, 257, 8, 2
    separator = UNet(4, 4, sources)
    with torch.no_grad():
        probe = separator(torch.zeros(1, 1, 350, 158))
    outputs, frames = probe.shape[2], probe.shape[3]
    size = torch.zeros(1, 1, 256, frames // 16 * 16)
    critics = [Critic([8, 16, 32, 64], [64, 64], 32, 64 * 4 * (frames // 16))
               for _ in range({"base": 0, "v": 1, "va": 2}[a.variant])]
    weight = 0.01 if a.variant == "v" else 0.001
    adams = [torch.optim.Adam(m.parameters(), lr=r, fused=True)
             for m, r in [(separator, 1e-3)] + [(c, 2e-4) for c in critics]]
    window = torch.hann_window(frame, periodic=True)
    below = (350 - outputs) // 2

    def sound(count):
        return torch.rand(batch, (count - 1) * hop + frame) - 0.5

    waves = [sound(158), sound(158)] + [sound(frames) for _ in range(sources)]

    def spectrogram(signal):
        return torch.log1p(torch.stft(signal, frame, hop, window=window, center=False, return_complex=True).abs())[:, None]

    def extended(x):
        return F.pad(x, (0, 0, 0, outputs - bins))

    def estimates(x):
        return separator(F.pad(x, (0, 0, below, 350 - below - bins)))

    def seen(x, source=0):
        return centre(x[:, source:source + 1], size)

    def update():
        for _ in range(5 if critics else 0):
            with torch.no_grad():
                fakes = estimates(spectrogram(waves[1]))
            for k, critic in enumerate(critics):
                real, fake = seen(extended(spectrogram(waves[2 + k]))), seen(fakes, k)
                shuffled = real[torch.randperm(batch)]
                between = (shuffled + torch.rand(batch, 1, 1, 1) * (fake - shuffled)).requires_grad_(True)
                slopes = torch.autograd.grad(critic(between).sum(), between, create_graph=True)[0]
                excess = ((slopes.flatten(1).norm(dim=1) - 1).clamp(min=0) ** 2).mean()
                said = critic(torch.cat([real, fake]))
                adams[1 + k].zero_grad(set_to_none=True)
                (10 * excess - said[:batch].mean() + said[batch:].mean()).backward()
                adams[1 + k].step()
        adams[0].zero_grad(set_to_none=True)
        targets = torch.cat([extended(spectrogram(w)) for w in waves[2:]], 1)
        (sources * F.mse_loss(estimates(spectrogram(waves[0])), targets)).backward()
        if critics:
            mixture = spectrogram(waves[1])
            made = estimates(mixture)
            for critic in critics:
                critic.requires_grad_(False)
            score = sum(critic(seen(made, k)).mean() for k, critic in enumerate(critics))
            whole = torch.expm1(centre(extended(mixture), made))
            (weight * (F.mse_loss(torch.expm1(made).sum(1, keepdim=True), whole) - score)).backward()
            for critic in critics:
                critic.requires_grad_(True)
        adams[0].step()

    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    before = peak()
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(a.updates):
            update()
        seconds = (time.perf_counter() - start) / a.updates
        print(json.dumps({"seconds": seconds, "megabytes": peak(), "added": peak() - before}), flush=True)


def ours(variant, run):
    """A fresh run's updates, without validation and decoding."""
    settings = [
        f"data.path={a.songs}", f"data.cache={a.cache}", f"variant={variant}", "lead=guitar",
        "model.sources=[guitar,rest]", "model.features=4", "critic.halving=[8,16,32,64]", "critic.halvingBins=[64,64]",
        "batchSize=8", "optimizer.rate=1e-3", "optimizer.criticRate=2e-4", f"maximumUpdates={a.updates}",
        "validationWindows=8"]
    subprocess.run([a.ours, "train", "adversarial-separation", *settings, "--run", run, "-q", "--threads",
                    str(a.threads)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(f"{run}/summary.json") as file:
        summary = json.load(file)
    return {"seconds": summary["train_seconds"] / summary["step"], "megabytes": summary["peak_process_bytes"] / 1048576,
            "added": summary["peak_tensor_bytes"] / 1048576}


def main():
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for variant in ["base", "v", "va"]:
            command = [sys.executable, __file__, "peer", "--variant", variant, "--threads", str(a.threads),
                       "--updates", str(a.updates)]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env=dict(os.environ, OMP_NUM_THREADS=str(a.threads)))
            turns = []
            for turn in range(a.turns + 1):
                mine = ours(variant, f"{folder}/{variant}-{turn}")
                process.stdin.write("\n")
                process.stdin.flush()
                turns.append((mine, json.loads(process.stdout.readline())))
            process.stdin.close()
            process.wait()
            turns = turns[1:]
            median = lambda side, key: statistics.median(turn[side][key] for turn in turns)
            results[variant] = {
                "ours_seconds": median(0, "seconds"), "torch_seconds": median(1, "seconds"),
                "ratio": statistics.median(t["seconds"] / o["seconds"] for o, t in turns),
                "ours_megabytes": median(0, "megabytes"), "torch_megabytes": median(1, "megabytes"),
                "ours_megabytes_added": median(0, "added"), "torch_megabytes_added": median(1, "added")}
            r = results[variant]
            for side in ["ours", "torch"]:
                seconds, whole, added = (r[f"{side}_{key}"] for key in ["seconds", "megabytes", "megabytes_added"])
                print(f"{variant:5}{side:6}{seconds * 1e3:7.1f} ms, {whole:4.0f} MiB, of these {added:4.0f} of updates")
            print(f"{variant:5}ours is {r['ratio']:.2f} times as fast", flush=True)
    if a.json:
        with open(a.json, "w") as file:
            json.dump({"threads": a.threads, "updates": a.updates, "turns": a.turns, "results": results}, file, indent=2)


peer() if a.ours == "peer" else main()
