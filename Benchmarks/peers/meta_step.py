"""One update of second-order MAML in PyTorch: four tasks, five inner steps, four examples to adapt on and four to be judged
by, on the network universal-mir-small with a head for ten classes, by torch.func's functional_call and create_graph.

Prints the median seconds of processor time of an update and the peak of resident memory less what torch itself takes. Ours, on tasks that
`swiftdl data prepare mir-tasks` made, prints the same update's seconds in its summary.json:

    swiftdl train meta tasks.path=TASKS 'tasks.only=[genre, key, tempo, instrument-recognition]' updates=7 \
        --threads 1 --run RUN

Needs torch (2.13.0+cpu). Usage: python meta_step.py [--steps 5] [--updates 7] [--threads 1] [--first-order]
"""
import argparse, os, resource, statistics, sys, time
import torch
import torch.nn.functional as F

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/golden"))
import universal_mir as twin

arguments = argparse.ArgumentParser()
arguments.add_argument("--steps", type=int, default=5)
arguments.add_argument("--updates", type=int, default=7)
arguments.add_argument("--threads", type=int, default=1)
arguments.add_argument("--first-order", action="store_true")
a = arguments.parse_args()
torch.set_num_threads(a.threads)
torch.set_flush_denormal(True)
torch.manual_seed(0)
twin.LEVELS, twin.FILTERS, twin.DOWN, twin.UP, twin.FRAME_LEVEL = 9, 6, 9, 3, 8
SAMPLES, TASKS, EXAMPLES, RATE = 16384, 4, 4, 0.2


def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


models = [twin.Universal("clip", 10) for _ in range(TASKS)]
trunk = {k: v for k, v in models[0].named_parameters() if not k.startswith("head")}
heads = [{k: v for k, v in m.named_parameters() if k.startswith("head")} for m in models]
optimizer = torch.optim.Adam(list(trunk.values()) + [v for h in heads for v in h.values()], lr=1e-3)
sounds = torch.rand(TASKS, 2, EXAMPLES, 1, SAMPLES) - 0.5
labels = torch.randint(0, 10, (TASKS, 2, EXAMPLES))
torch.conv1d(torch.rand(1, 1, 64), torch.rand(1, 1, 3))
before = megabytes()


def loss(task, weights, part):
    said = torch.func.functional_call(models[task], weights, (sounds[task, part],))
    return F.cross_entropy(said[..., 0], labels[task, part])


seconds = []
for _ in range(a.updates):
    started = time.process_time()
    optimizer.zero_grad()
    for task in range(TASKS):
        fast = {**trunk, **heads[task]}
        for _ in range(a.steps):
            slopes = torch.autograd.grad(
                loss(task, fast, 0), list(fast.values()), create_graph=not a.first_order, allow_unused=True)
            fast = {k: v if s is None else v - RATE * s for (k, v), s in zip(fast.items(), slopes)}
        (loss(task, fast, 1) / TASKS).backward()
    optimizer.step()
    seconds.append(time.process_time() - started)
print(f"{statistics.median(seconds):.3f} s of processor time an update, {megabytes() - before:.0f} MB")
