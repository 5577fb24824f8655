"""FactorGAN on paired digits, ours against PyTorch's: updates of the generator a second, in turn.

Both train the whole protocol on the same images with as many threads: pairs and shuffles drawn, batches gathered, two
updates of each of the four discriminators, one of the generator. PyTorch runs eagerly, with its fused Adam and
`parametrizations.spectral_norm`; --allocators adds jemalloc. Each turn runs some seconds; the first is not counted.

Needs torch (2.13.0+cpu) and numpy. Usage: python factor_gan.py SWIFTDL DATA [--threads 2] [--turns 5] [--updates 300]
DATA is the folder of the IDX files.
"""
import argparse, glob, gzip, json, os, statistics, subprocess, sys, tempfile, time

JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
arguments = argparse.ArgumentParser()
arguments.add_argument("ours", help="the swiftdl program; `peer` makes this process the peer")
arguments.add_argument("data")
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--turns", type=int, default=5)
arguments.add_argument("--updates", type=int, default=300, help="of the generator in a turn")
arguments.add_argument("--pairs", type=int, default=1000)
arguments.add_argument("--allocators", default="glibc")
arguments.add_argument("--json", help="writes the results to this file")
a = arguments.parse_args()


def peer():
    import numpy, torch
    import torch.nn as nn
    import torch.nn.functional as F
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1337)
    path = glob.glob(f"{a.data}/train-images-idx3-ubyte*")[0]
    file = (gzip.open if path.endswith(".gz") else open)(path, "rb")
    images = torch.from_numpy(numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 784).copy())
    count, batch, size = len(images), 25, 784
    partner, known = torch.randint(count, (count,)), torch.randint(a.pairs, (a.pairs,))
    norm = nn.utils.parametrizations.spectral_norm

    def discriminator(inputs):
        return nn.Sequential(norm(nn.Linear(inputs, 128)), nn.LeakyReLU(0.01), norm(nn.Linear(128, 128)),
                             nn.LeakyReLU(0.01), norm(nn.Linear(128, 1)))

    generator = nn.Sequential(nn.Linear(50, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(),
                              nn.Linear(128, 2 * size), nn.Sigmoid())
    networks = [discriminator(n) for n in (size, size, 2 * size, 2 * size)]
    adam = lambda m: torch.optim.Adam(m.parameters(), lr=1e-4, betas=(0.5, 0.999), fused=True)
    adams, generator_adam = [adam(m) for m in networks], adam(generator)

    def batches(rows):
        while True:
            for order in torch.randperm(rows).split(batch):
                yield order

    orders = [batches(count), batches(count), batches(a.pairs)]
    pixels = lambda rows: images[rows].float() / 255
    noise = lambda: torch.rand(batch, 50) * 2 - 1

    def shuffled(x):
        return torch.cat([x[:, :size], x[torch.randperm(len(x)), size:]], 1)

    def made():
        with torch.no_grad():
            return generator(noise())

    def learn(i, real, fake):
        adams[i].zero_grad(set_to_none=True)
        yes, no = networks[i](real), networks[i](fake)
        (F.binary_cross_entropy_with_logits(yes, torch.ones_like(yes))
         + F.binary_cross_entropy_with_logits(no, torch.zeros_like(no))).backward()
        adams[i].step()

    def update():
        for network in networks:
            network.requires_grad_(True)
        for _ in range(2):
            learn(0, pixels(next(orders[0])), made()[:, :size])
            learn(1, pixels(partner[next(orders[1])]), made()[:, size:])
            rows = next(orders[2])
            real = torch.cat([pixels(rows), pixels(known[rows])], 1)
            learn(2, real, shuffled(real))
            fake = made()
            learn(3, fake, shuffled(fake))
        for network in networks:
            network.requires_grad_(False)
        generator_adam.zero_grad(set_to_none=True)
        pair = generator(noise())
        logit = networks[0](pair[:, :size]) + networks[1](pair[:, size:]) + networks[2](pair) - networks[3](pair)
        F.binary_cross_entropy_with_logits(logit, torch.ones_like(logit)).backward()
        generator_adam.step()

    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(a.updates):
            update()
        print(json.dumps({"rate": a.updates / (time.perf_counter() - start)}), flush=True)


def ours(folder, turn):
    """Updates a second of a fresh run's updates, without reading data and judging samples."""
    run = f"{folder}/{turn}"
    settings = [f"data.path={a.data}", f"data.cache={folder}/cache", f"data.pairs={a.pairs}", "epochs=1",
                f"updatesPerEpoch={a.updates}", "keepsGenerators=false"]
    subprocess.run([a.ours, "train", "factor-gan", "paired-digits", *settings, "--run", run, "-q", "--threads",
                    str(a.threads)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(f"{run}/summary.json") as file:
        return json.load(file)["updates_per_second"]


def main():
    peers = {}
    for allocator in a.allocators.split(","):
        environment = dict(os.environ, OMP_NUM_THREADS=str(a.threads))
        if allocator == "jemalloc":
            environment["LD_PRELOAD"] = JEMALLOC
        command = [sys.executable, __file__, "peer", a.data, "--threads", str(a.threads), "--updates", str(a.updates),
                   "--pairs", str(a.pairs)]
        peers[f"torch {allocator}"] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    rates = {"ours": [], **{name: [] for name in peers}}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(a.turns + 1):
            found = {"ours": ours(folder, turn)}
            for name, process in peers.items():
                process.stdin.write("\n")
                process.stdin.flush()
                found[name] = json.loads(process.stdout.readline())["rate"]
            if turn:
                for name, rate in found.items():
                    rates[name].append(rate)
    for process in peers.values():
        process.stdin.close()
        process.wait()
    for name, values in rates.items():
        print(f"{name:16} median {statistics.median(values):7.1f} updates/s, best {max(values):7.1f}")
    best = max(peers, key=lambda name: statistics.median(rates[name]))
    ratio = statistics.median([o / t for o, t in zip(rates["ours"], rates[best])])
    print(f"ours / {best}: {ratio:.2f}, {a.threads} threads")
    if a.json:
        with open(a.json, "w") as file:
            json.dump({"threads": a.threads, "updates": a.updates, "ratio": ratio, "updates_per_second": rates}, file)


peer() if a.ours == "peer" else main()
