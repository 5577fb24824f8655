"""MAML in PyTorch, by create_graph: the gradients ours must equal.

A perceptron 1-8-8-1 descends three steps on a task, each with examples and rates of its own, and is judged on others.
Writes weights, rates, examples, the loss that is left, and its gradients at weights and rates: of second and of first
order, and where the last layer alone descends (ANIL).

Made with torch 2.13.0+cpu and safetensors 0.6. Usage: python meta_learning.py FIXTURE
"""
import sys
import torch
from safetensors.torch import save_file

STEPS = 3


def perceptron(weights, x):
    for layer in range(3):
        x = x @ weights[f"layers.{layer}.weight"] + weights[f"layers.{layer}.bias"]
        x = torch.tanh(x) if layer == 0 else torch.relu(x) if layer == 1 else x
    return x


def loss(weights, x, y):
    return torch.mean((perceptron(weights, x) - y) ** 2)


def meta(weights, rates, data, paths, first_order):
    fast = dict(weights)
    for step in range(STEPS):
        value = loss(fast, data[f"x{step}"], data[f"y{step}"])
        slopes = torch.autograd.grad(value, [fast[p] for p in paths], create_graph=True)
        if first_order:
            slopes = [slope.detach() for slope in slopes]
        for path, slope in zip(paths, slopes):
            fast[path] = fast[path] - rates[path] * slope
    left = loss(fast, data["x3"], data["y3"])
    names = list(weights)
    parts = torch.autograd.grad(left, [weights[p] for p in names] + [rates[p] for p in paths])
    return left, dict(zip(names, parts)), dict(zip(paths, parts[len(names):]))


def main(path):
    torch.manual_seed(7)
    sizes = [(1, 8), (8, 8), (8, 1)]
    weights, rates, tensors = {}, {}, {}
    for layer, (inputs, outputs) in enumerate(sizes):
        weights[f"layers.{layer}.weight"] = (torch.randn(inputs, outputs) * 0.7).requires_grad_()
        weights[f"layers.{layer}.bias"] = (torch.randn(outputs) * 0.3).requires_grad_()
    for index, name in enumerate(weights):
        rates[name] = torch.tensor(0.02 + 0.01 * index).requires_grad_()
    data = {}
    for step in range(STEPS + 1):
        data[f"x{step}"] = torch.rand(6, 1) * 4 - 2
        data[f"y{step}"] = torch.sin(data[f"x{step}"] + 0.3)
    tensors.update({f"weights/{k}": v for k, v in weights.items()})
    tensors.update({f"rates/{k}": v for k, v in rates.items()})
    tensors.update({f"data/{k}": v for k, v in data.items()})
    variants = {"second": (list(weights), False), "first": (list(weights), True),
                "anil": ([k for k in weights if k.startswith("layers.2")], False)}
    for name, (paths, first_order) in variants.items():
        left, slopes, of_rates = meta(weights, rates, data, paths, first_order)
        tensors[f"{name}/loss"] = left
        tensors.update({f"{name}/weights/{k}": v for k, v in slopes.items()})
        tensors.update({f"{name}/rates/{k}": v for k, v in of_rates.items()})
    save_file({k: v.detach().contiguous() for k, v in tensors.items()}, path)


if __name__ == "__main__":
    main(sys.argv[1])
