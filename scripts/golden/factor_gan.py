"""FactorGAN: one update of small networks, the classifier of digits, and the figures generators are judged by.

Writes Tests/ExperimentsTests/Fixtures/factor_gan.safetensors.
Versions: Python 3.11, torch 2.13.0, numpy 2.4.6, scipy 1.17.1, safetensors 0.8.0.

Weights lie in our layout: dense ones [inputs, outputs], those of convolutions [height, width, inputs, outputs].
"""
import pathlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file
from scipy import linalg
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(5)
tensors = {}


def keep(name, value):
    tensors[name] = torch.as_tensor(value).detach().to(torch.float32).clone().contiguous()


# One update: two of each discriminator, then one of the generator.
part, hidden, noise, batch, known = 6, 8, 5, 4, 3


class Discriminator(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.layers = nn.ModuleList([spectral_norm(nn.Linear(a, b)) for a, b in
                                     [(inputs, hidden), (hidden, hidden), (hidden, 1)]])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), 0.01)
        return self.layers[-1](x)

    def keep(self, name):
        for index, layer in enumerate(self.layers):
            state = layer.parametrizations.weight
            keep(f"{name}.layers.{index}.base.weight", state.original.T)
            keep(f"{name}.layers.{index}.base.bias", layer.bias)
            keep(f"{name}.layers.{index}.u", state[0]._u)
            keep(f"{name}.layers.{index}.v", state[0]._v)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in
                                     [(noise, hidden), (hidden, hidden), (hidden, 2 * part)]])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return torch.sigmoid(self.layers[-1](x))

    def keep(self, name):
        for index, layer in enumerate(self.layers):
            keep(f"{name}.layers.{index}.weight", layer.weight.T)
            keep(f"{name}.layers.{index}.bias", layer.bias)


networks = {"generator": Generator(), "d1": Discriminator(part), "d2": Discriminator(part),
            "dP": Discriminator(2 * part), "dQ": Discriminator(2 * part)}
adams = {n: torch.optim.Adam(m.parameters(), lr=1e-2, betas=(0.5, 0.999)) for n, m in networks.items()}
for name, network in networks.items():
    network.train()
    network.keep(f"before/{name}")
bce = F.binary_cross_entropy_with_logits


def made(name):
    z = torch.rand(batch, noise) * 2 - 1
    keep(name, z)
    return networks["generator"](z)


def shuffled(x, name):
    order = torch.randperm(len(x))
    keep(name, order)
    return torch.cat([x[:, :part], x[order, part:]], 1)


for step in range(2):
    for name in ["d1", "d2", "dP", "dQ"]:
        # Fewer pairs are known than a batch takes.
        real = torch.rand(known if name == "dP" else batch, part if name[1] in "12" else 2 * part)
        if name == "dQ":
            real = made(f"{name}/{step}/noise").detach()
            fake = shuffled(real, f"{name}/{step}/order")
        elif name == "dP":
            fake = shuffled(real, f"{name}/{step}/order")
        else:
            fake = made(f"{name}/{step}/noise").detach()
            fake = fake[:, :part] if name == "d1" else fake[:, part:]
        keep(f"{name}/{step}/real", real)
        keep(f"{name}/{step}/fake", fake)
        network = networks[name]
        network.zero_grad()
        # Two passes, each with a power iteration and a backward pass of its own.
        yes = network(real)
        first = bce(yes, torch.ones_like(yes))
        first.backward()
        no = network(fake)
        second = bce(no, torch.zeros_like(no))
        second.backward()
        keep(f"{name}/{step}/loss", first + second)
        adams[name].step()

x = made("generator/noise")
for name in ["d1", "d2", "dP", "dQ"]:
    networks[name].requires_grad_(False)
logit = (networks["d1"](x[:, :part]) + networks["d2"](x[:, part:]) + networks["dP"](x) - networks["dQ"](x))
loss = bce(logit, torch.ones_like(logit))
networks["generator"].zero_grad()
loss.backward()
adams["generator"].step()
keep("generator/loss", loss)
keep("generator/logit", logit.mean())
for name, network in networks.items():
    network.keep(f"after/{name}")


# The classifier, without dropout.
class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleList([nn.Conv2d(1, 3, 5), nn.Conv2d(3, 4, 5)])
        self.hidden, self.output = nn.Linear(4 * 4 * 4, 7), nn.Linear(7, 10)

    def features(self, x):
        for convolution in self.convolutions:
            x = F.leaky_relu(F.avg_pool2d(convolution(x), 2), 0.01)
        return F.leaky_relu(self.hidden(x.flatten(1)), 0.01)


classifier = Classifier()
images = torch.rand(3, 1, 28, 28)
classes = torch.tensor([3, 0, 9])
features = classifier.features(images)
logits = classifier.output(features)
F.cross_entropy(logits, classes).backward()
keep("classifier/images", images.permute(0, 2, 3, 1))
keep("classifier/classes", classes)
keep("classifier/features", features)
keep("classifier/logits", logits)


def ours(name, value):
    if value.dim() == 4:
        return value.permute(2, 3, 1, 0)
    if name == "hidden.weight":
        # Ours flattens [height, width, channels].
        return value.reshape(7, 4, 4, 4).permute(2, 3, 1, 0).reshape(64, 7)
    return value.T if value.dim() == 2 else value


for name, parameter in classifier.named_parameters():
    keep(f"classifier/weights/{name}", ours(name, parameter))
    keep(f"classifier/gradients/{name}", ours(name, parameter.grad))

# Fréchet distances, of features that are related, and of few vectors, whose covariance has no full rank.
random = np.random.default_rng(7)
for name, vectors in [("many", 400), ("few", 6)]:
    mixing = random.normal(size=(10, 10))
    a = (random.normal(size=(vectors, 10)) @ mixing).astype(np.float32)
    b = (random.normal(size=(vectors, 10)) @ (mixing + 0.3 * random.normal(size=(10, 10))) + 0.5).astype(np.float32)
    moments = [(x.mean(0), np.cov(x, rowvar=False)) for x in (a.astype(np.float64), b.astype(np.float64))]
    (m1, c1), (m2, c2) = moments
    root = linalg.sqrtm(c1 @ c2)
    distance = (m1 - m2) @ (m1 - m2) + np.trace(c1) + np.trace(c2) - 2 * np.trace(root).real
    keep(f"frechet/{name}/a", a)
    keep(f"frechet/{name}/b", b)
    keep(f"frechet/{name}/distance", distance)
    print(name, distance)

# The dependency error, with the authors' product of marginals.
real, generated = [(t / t.sum()) for t in random.random((2, 10, 10)) ** 2]
ratios = [t / (t.sum(1) * t.sum(0).reshape(-1, 1) + 0.001) for t in (real, generated)]
keep("dependency/real", real)
keep("dependency/generated", generated)
keep("dependency/error", np.mean(np.abs(ratios[0] - ratios[1])))

fixtures = pathlib.Path(__file__).parents[2] / "Tests/ExperimentsTests/Fixtures"
save_file(tensors, fixtures / "factor_gan.safetensors")
