"""Ten steps of every optimiser, clipping, and learning rate schedules, as PyTorch does them.

Writes Tests/SwiftDLTests/Fixtures/optimizers.safetensors. Versions: Python 3.11, torch 2.13.0, safetensors 0.8.0.
"""

import pathlib

import torch
from safetensors.torch import save_file
from torch.optim import lr_scheduler

STEPS = 10
torch.manual_seed(1)
out = {}
shapes = {"weight": (5, 3), "bias": (7,)}
initial = {name: torch.randn(shape) for name, shape in shapes.items()}
gradients = {name: torch.randn(STEPS, *shape) * 0.3 for name, shape in shapes.items()}
gradients["bias"][:, 0] = 0  # a parameter that never sees a gradient: epsilon decides
for name in shapes:
    out[f"initial.{name}"] = initial[name]
    out[f"gradients.{name}"] = gradients[name]

optimizers = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "sgd-momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    "sgd-nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "adam-decay": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.5, 0.9), eps=1e-4, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01),
    "rmsprop-decay": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-3, weight_decay=0.1),
}
for label, make in optimizers.items():
    parameters = {name: torch.nn.Parameter(value.clone()) for name, value in initial.items()}
    optimizer = make(list(parameters.values()))
    history = {name: [] for name in shapes}
    for step in range(STEPS):
        for name, parameter in parameters.items():
            parameter.grad = gradients[name][step].clone()
        optimizer.step()
        for name, parameter in parameters.items():
            history[name].append(parameter.detach().clone())
    for name in shapes:
        out[f"{label}.{name}"] = torch.stack(history[name])

for label, limit in {"clip-norm": 0.5, "clip-norm-loose": 100.0}.items():
    parameters = {name: torch.nn.Parameter(value.clone()) for name, value in initial.items()}
    for name, parameter in parameters.items():
        parameter.grad = gradients[name][0].clone()
    norm = torch.nn.utils.clip_grad_norm_(parameters.values(), limit)
    out[f"{label}.norm"] = norm.reshape(1)
    for name, parameter in parameters.items():
        out[f"{label}.{name}"] = parameter.grad


def rates(make, steps, metrics=None):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)
    schedule = make(optimizer)
    values = []
    for step in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step(metrics[step]) if metrics is not None else schedule.step()
    return torch.tensor(values, dtype=torch.float64)


def cosine(multiplier):
    return lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=7, T_mult=multiplier, eta_min=0.01)


out["cosine-1"] = rates(cosine(1), 40)
out["cosine-3"] = rates(cosine(3), 80)
out["warm-up"] = rates(
    lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, start_factor=0.1, total_iters=5), cosine(1)(o)], milestones=[5]),
    30)
metrics = (2 + torch.randn(60)).abs() + torch.linspace(2, 0, 60)
out["metrics"] = metrics
for label, mode in {"plateau-min": "min", "plateau-max": "max"}.items():
    out[label] = rates(
        lambda o: lr_scheduler.ReduceLROnPlateau(
            o, mode=mode, factor=0.5, patience=2, threshold=1e-2, min_lr=0.01),
        60, metrics.tolist())

target = pathlib.Path(__file__).parents[2] / "Tests/SwiftDLTests/Fixtures/optimizers.safetensors"
save_file({name: value.contiguous() for name, value in out.items()}, target, metadata={"torch": torch.__version__})
print(target, target.stat().st_size, "bytes")
