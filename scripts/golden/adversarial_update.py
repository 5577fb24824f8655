"""Adversarial separation: one update of two critics and one of the separator, on a small network.

Writes Tests/ExperimentsTests/Fixtures/adversarial_update.safetensors.
Versions: Python 3.11, torch 2.13.0, safetensors 0.8.0.

Weights lie in our layout: convolutions [height, width, inputs, outputs], dense ones [inputs, outputs].
"""
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

from adversarial_networks import Critic, UNet, centre, ours

torch.manual_seed(11)
frame, hop, bins, outputs = 32, 16, 17, 18
batch, sources, weight, rate = 3, 2, 0.05, 1e-3
tensors = {}


def keep(name, value):
    value = value.detach()
    tensors[name] = (value.permute(0, 2, 3, 1) if value.dim() == 4 else value).to(torch.float32).clone().contiguous()


def keep_weights(prefix, model):
    for name, value in model.named_parameters():
        tensors[f"{prefix}{name}"] = ours(value).detach().clone().contiguous()


def spectrogram(signal):
    window = torch.hann_window(frame, periodic=True)
    spectrum = torch.stft(signal, frame, hop, window=window, center=False, return_complex=True)
    return torch.log1p(spectrum.abs())[:, None]


def frames(count):
    return (count - 1) * hop + frame


def extended(x):
    return F.pad(x, (0, 0, 0, outputs - bins))


def estimates(separator, x):
    return separator(F.pad(x, (0, 0, 10, 38 - 10 - bins)))


def seen(x, source=0):
    return centre(x[:, source:source + 1], torch.zeros(1, 1, 16, 8))


def alive(model):
    for value in model.parameters():
        if value.dim() > 1:
            nn.init.kaiming_normal_(value)
        else:
            nn.init.uniform_(value, 0.1, 0.3)
    return model


separator = alive(UNet(3, 2, sources))
critics = [alive(Critic([3, 4], [5], 6, 2 * 2 * 5)) for _ in range(sources)]
# Larger scores, so that some slopes are above one and some are not.
for critic in critics:
    with torch.no_grad():
        critic.output.weight *= 0.6
adams = [torch.optim.Adam(m.parameters(), lr=rate) for m in [separator, *critics]]
keep_weights("before/separator/network.", separator)
for k, critic in enumerate(critics):
    keep_weights(f"before/critic{k}/", critic)

# Critics, on one batch of mixtures.
wave = torch.rand(batch, frames(30)) * 2 - 1
keep("critics/wave", wave)
mixture = spectrogram(wave)
keep("critics/mixture", mixture)
with torch.no_grad():
    fakes = estimates(separator, mixture)
keep("critics/estimates", fakes)
for k, critic in enumerate(critics):
    real = seen(extended(spectrogram(torch.rand(batch, frames(10)) - 0.5)))
    fake = seen(fakes, k)
    order, share = torch.randperm(batch), torch.rand(batch, 1, 1, 1)
    shuffled = real[order]
    between = (shuffled + share * (fake - shuffled)).requires_grad_(True)
    slopes = torch.autograd.grad(critic(between).sum(), between, create_graph=True)[0]
    norms = slopes.flatten(1).norm(dim=1)
    excess = (torch.clamp(norms - 1, min=0) ** 2).mean()
    distance = critic(real).mean() - critic(fake).mean()
    loss = 10 * excess - distance
    adams[1 + k].zero_grad()
    loss.backward()
    adams[1 + k].step()
    print("critic", k, loss.item(), norms.tolist())
    for name, value in [("real", real), ("order", order), ("share", share), ("loss", loss), ("distance", distance),
                        ("excess", excess)]:
        keep(f"critic{k}/{name}", value)
    keep_weights(f"after/critic{k}/", critic)

# The separator, on one paired and one unpaired batch.
paired, alone = spectrogram(torch.rand(batch, frames(30)) * 2 - 1), spectrogram(torch.rand(batch, frames(30)) * 2 - 1)
targets = torch.cat([extended(spectrogram(torch.rand(batch, frames(10)) - 0.5)) for _ in range(sources)], 1)
made = estimates(separator, paired)
supervised = sum(((made[:, k] - targets[:, k]) ** 2).mean() for k in range(sources))
made = estimates(separator, alone)
score = sum(critic(seen(made, k)).mean() for k, critic in enumerate(critics))
whole = torch.expm1(centre(extended(alone), torch.zeros(1, 1, outputs, 10)))
additive = ((torch.expm1(made).sum(1, keepdim=True) - whole) ** 2).mean()
loss = supervised + weight * (additive - score)
adams[0].zero_grad()
loss.backward()
adams[0].step()
print("separator", supervised.item(), score.item(), additive.item())
for name, value in [("paired", paired), ("targets", targets), ("alone", alone), ("supervised", supervised),
                    ("score", score), ("additive", additive)]:
    keep(f"separator/{name}", value)
keep_weights("after/separator/network.", separator)

fixtures = pathlib.Path(__file__).parents[2] / "Tests/ExperimentsTests/Fixtures"
save_file(tensors, fixtures / "adversarial_update.safetensors")
