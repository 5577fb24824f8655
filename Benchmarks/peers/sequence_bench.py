"""PyTorch's side of `swiftdl bench sequence`: makes the networks it is told and does a unit of work when asked.

A line of JSON in, a line of JSON out:

    {"make": {network}, "measurement": "train" | "inference" | "generation_naive" | "generation_cached" (of WaveNet),
     "batch": B, "input": frames, "output": frames, "threads": N, "compiled": false}   {"number": N} or {"error": "…"}
    {"run": N, "iterations": K}                                    {"seconds": mean, "cpu_seconds": mean, "peak_memory": bytes}
    {"clear": true}                                                {}

Networks lie in the layout that is the faster one of PyTorch's (channels_last over one row, or Conv1d), by trial when the
network is made. Memory is what the process held at most until the first unit of work was done, less what it held
before the network was made, after freed memory had been given back.
"""
import contextlib, ctypes, gc, json, sys, time
import torch
import torch.nn.functional as F
from sequence_models import Layout, SeqUNet, SeqUNetResidual, Signals, Tied, WaveNet, WaveNetSteps, tcn

# As ours: gradients too small for float32 count as zero.
torch.set_flush_denormal(True)


def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))


def give_back():
    """Freed memory to the system, so that what is used next counts."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def reset_peak():
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def network(m, last):
    layout, kind = Layout(last), m["kind"]
    if kind == "wavenet":
        return WaveNet(layout, m["symbols"], m["stacks"], m["layers"], m["width"], m["skipWidth"], m["croppedFirst"])
    if kind == "seq-u-net-residual":
        return SeqUNetResidual(layout, m["symbols"], m["levels"], m["width"], m["kernel"], m["depth"])
    if kind == "seq-u-net":
        body = SeqUNet(layout, m["inputs"], m["widths"], m["kernel"], m["dropout"], m["outputs"], m["padded"])
    else:
        body = tcn(layout, m["inputs"], tuple(m["widths"]), m["kernel"], m["dropout"], m["outputs"])
    s = m["symbols"]
    return Tied(layout, body, s["count"], s["channels"], s["dropout"]) if s else Signals(layout, body)


def work(r, last):
    """The unit of work that a request describes."""
    m, batch, outputs = r["make"], r["batch"], r["output"]
    torch.manual_seed(0)
    if r["measurement"] == "generation_cached":
        stream = WaveNetSteps(m["symbols"], m["stacks"], m["layers"], m["width"], m["skipWidth"], batch)
        return lambda: [stream.step() for _ in range(outputs)]
    model = network(m, last)
    run = torch.compile(model) if r["compiled"] else model
    symbols = m["symbols"]["count"] if isinstance(m["symbols"], dict) else m["symbols"]
    if symbols:
        x, target = torch.randint(0, symbols, (batch, r["input"])), torch.randint(0, symbols, (batch, outputs))
    else:
        x = (torch.rand(batch, r["input"], m["inputs"]) < 0.05).float()
        target = (torch.rand(batch, outputs, m["outputs"]) < 0.05).float()
    if r["measurement"] == "train":
        model.train()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)

        def step():
            optimizer.zero_grad(set_to_none=True)
            y = run(x)[:, -outputs:]
            if symbols:
                loss = F.cross_entropy(y.flatten(0, 1), target.flatten())
            else:
                loss = F.binary_cross_entropy_with_logits(y, target)
            loss.backward()
            optimizer.step()
        return step
    model.eval()
    if r["measurement"] == "inference":
        @torch.inference_mode()
        def forward():
            run(x)
        return forward
    context = [x]

    @torch.inference_mode()
    def generate():
        y = run(context[0])[:, -1]
        drawn = torch.multinomial(y.softmax(-1), 1) if symbols else torch.bernoulli(y.sigmoid()).unsqueeze(1)
        context[0] = torch.cat([context[0][:, 1:], drawn], 1)
    return generate


def timed(call, iterations=1):
    start, processor = time.perf_counter(), time.process_time()
    for _ in range(iterations):
        call()
    return (time.perf_counter() - start) / iterations, (time.process_time() - processor) / iterations


def channels_last_is_faster(r):
    """Tried where a unit of work takes less than a second; slower ones, all of long signals, are faster as Conv1d. A
    stream's matrices have one layout."""
    if r["measurement"] == "generation_cached":
        return False
    times = []
    for last in (False, True):
        call = work(r, last)
        if timed(call)[0] > 1:
            return False
        times.append(min(timed(call)[0] for _ in range(2)))
    return times[1] < times[0]


def main():
    # What a library prints shall not stand between our lines.
    answers, sys.stdout = sys.stdout, sys.stderr
    say = lambda answer: print(json.dumps(answer), file=answers, flush=True)
    made, threads = [], None
    layouts = {}
    say({"version": torch.__version__})
    for line in sys.stdin:
        r = json.loads(line)
        try:
            if "make" in r:
                key = json.dumps([r["make"], r["measurement"]], sort_keys=True)
                torch.set_num_threads(r["threads"])
                if key not in layouts:
                    layouts[key] = channels_last_is_faster(dict(r, compiled=False))
                give_back()
                before = status("VmRSS")
                reset_peak()
                made.append({"call": work(r, layouts[key]), "threads": r["threads"], "before": before})
                say({"number": len(made) - 1})
            elif "run" in r:
                one = made[r["run"]]
                torch.set_num_threads(one["threads"])
                seconds, processor = timed(one["call"], r["iterations"])
                one.setdefault("peak", max(0, status("VmHWM") - one["before"]))
                say({"seconds": seconds, "cpu_seconds": processor, "peak_memory": one["peak"]})
            else:
                made.clear()
                torch._dynamo.reset()
                say({})
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"[:400]})


main()
