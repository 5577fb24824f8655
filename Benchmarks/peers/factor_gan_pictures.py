"""FactorGAN on pairs of pictures or on scenes and labels, ours against PyTorch's: seconds of an update, and peak memory.

An update is the whole protocol: every discriminator twice on batches of 25 real and 25 generated samples, then the generator
once, at the published sizes. Ours reads and scales pictures of DATA meanwhile, PyTorch's samples are random tensors that
are there already. PyTorch runs eagerly with its fused Adam, in its own layout and in channels_last; each of the three in
turn, in a process of its own, the first turn not counted.

Needs torch (2.13.0+cpu) and safetensors. Usage:
python factor_gan_pictures.py SWIFTDL image-pairs|segmentation DATA [--threads 2] [--turns 3] [--updates 2]
"""
import argparse, json, os, resource, statistics, subprocess, sys, tempfile, time

arguments = argparse.ArgumentParser()
arguments.add_argument("ours", help="the swiftdl program; `peer` makes this process the peer")
arguments.add_argument("task", choices=["image-pairs", "segmentation"])
arguments.add_argument("data")
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--turns", type=int, default=3)
arguments.add_argument("--updates", type=int, default=2, help="of the generator in a turn")
arguments.add_argument("--layout", default="own", choices=["own", "channels_last"])
arguments.add_argument("--json", help="writes the results to this file")
a = arguments.parse_args()


def peer():
    import torch
    import torch.nn.functional as F
    sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/golden"))
    import factor_gan_networks as twin
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    layout = torch.channels_last if a.layout == "channels_last" else torch.contiguous_format
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    batch, pairs = 25, a.task == "image-pairs"
    size, parts = (64, [1, 3]) if pairs else (128, [3, 3])
    channels = [sum(parts)] * 2
    widths = [32, 64, 128, 256] if pairs else [32, 64, 128, 256, 512]
    seen = ([slice(0, 1), slice(1, 4)] if pairs else [slice(3, 6)]) + [slice(None)] * 2
    made_of = [(1, 3), (3,)][not pairs] + tuple(channels)
    networks = [twin.Discriminator(c, widths, size, size).to(memory_format=layout) for c in made_of]
    generator = (twin.Generator(50, [512, 256, 128, 64], 4) if pairs else twin.UNet(3, 3, 32, size, size, 50, False))
    generator = generator.to(memory_format=layout)
    adam = lambda m: torch.optim.Adam(m.parameters(), lr=1e-4, betas=(0.5, 0.999), fused=True)
    adams, generator_adam = [adam(m) for m in networks], adam(generator)
    real = torch.rand(batch, sum(parts), size, size).to(memory_format=layout)
    bce = F.binary_cross_entropy_with_logits

    def sample():
        if pairs:
            return generator(torch.rand(batch, 50) * 2 - 1)
        return torch.cat([real[:, :3], generator(real[:, :3])], 1)

    def made():
        with torch.no_grad():
            return sample()

    def shuffled(x):
        return torch.cat([x[:, :parts[0]], x[torch.randperm(batch), parts[0]:]], 1)

    def learn(i, yes, no):
        adams[i].zero_grad(set_to_none=True)
        yes, no = networks[i](yes.contiguous(memory_format=layout)), networks[i](no.contiguous(memory_format=layout))
        (bce(yes, torch.ones_like(yes)) + bce(no, torch.zeros_like(no))).backward()
        adams[i].step()

    def update():
        for network in networks:
            network.requires_grad_(True)
        for _ in range(2):
            for i, part in enumerate(seen[:-2]):
                learn(i, real[:, part], made()[:, part])
            learn(len(seen) - 2, real, shuffled(real))
            fake = made()
            learn(len(seen) - 1, fake, shuffled(fake))
        for network in networks:
            network.requires_grad_(False)
        generator_adam.zero_grad(set_to_none=True)
        x = sample()
        logits = [network(x[:, part].contiguous(memory_format=layout)) for network, part in zip(networks, seen)]
        logit = sum(logits[:-1]) - logits[-1]
        bce(logit, torch.ones_like(logit)).backward()
        generator_adam.step()

    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(a.updates):
            update()
        seconds = (time.perf_counter() - start) / a.updates
        peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024
        print(json.dumps({"seconds": seconds, "megabytes": peak}), flush=True)


def ours(folder, turn):
    run = f"{folder}/{turn}"
    settings = [f"data.path={a.data}", f"data.cache={folder}/cache", "epochs=1", f"updatesPerEpoch={a.updates}",
                "keepsGenerators=false", "judge.repeats=1", "judge.epochs=1"]
    subprocess.run([a.ours, "train", "factor-gan", a.task, *settings, "--run", run, "-q", "--threads", str(a.threads)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(f"{run}/summary.json") as file:
        summary = json.load(file)
    return {"seconds": 1 / summary["updates_per_second"], "megabytes": summary["peak_tensor_bytes"] / 1e6}


def main():
    peers = {}
    for layout in ["own", "channels_last"]:
        command = [sys.executable, __file__, "peer", a.task, a.data, "--threads", str(a.threads), "--updates",
                   str(a.updates), "--layout", layout]
        peers[f"torch, {layout} layout"] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    figures = {"ours": [], **{name: [] for name in peers}}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(a.turns + 1):
            found = {"ours": ours(folder, turn)}
            for name, process in peers.items():
                process.stdin.write("\n")
                process.stdin.flush()
                found[name] = json.loads(process.stdout.readline())
            if turn:
                for name, figure in found.items():
                    figures[name].append(figure)
    for process in peers.values():
        process.stdin.close()
        process.wait()
    median = lambda name, key: statistics.median(f[key] for f in figures[name])
    for name in figures:
        print(f"{name:28} median {median(name, 'seconds'):7.3f} s an update, {median(name, 'megabytes'):6.0f} MB")
    best = min(peers, key=lambda name: median(name, "seconds"))
    ratio = statistics.median(t["seconds"] / o["seconds"] for o, t in zip(figures["ours"], figures[best]))
    print(f"{best} / ours: {ratio:.2f}, {a.threads} threads")
    if a.json:
        with open(a.json, "w") as file:
            json.dump({"task": a.task, "threads": a.threads, "ratio": ratio, "figures": figures}, file)


peer() if a.ours == "peer" else main()
