"""Weights under the names their authors' programs give them: what `swiftdl models import` has to understand.

Writes to Tests/ExperimentsTests/Fixtures the twins of wave_u_net.py and wave_u_net_resampling.py with random weights: the
one as TensorFlow variables in an .npz file, with an input and the output it has to give beside it, the other as the state
of PyTorch modules in a .safetensors file, with both inside.

Made with torch 2.13.0+cpu, numpy and safetensors 0.6. Usage: python author_layouts.py FIXTURES
Source of the names: Wave-U-Net (Models/UnetAudioSeparator.py, OutputLayer.py, InterpolationLayer.py) and
Wave-U-Net-Pytorch (model/waveunet.py, conv.py).
"""
import sys
import numpy as np
import torch
from safetensors.torch import save_file
import wave_u_net
import wave_u_net_resampling


def tensorflow(folder):
    torch.manual_seed(1)
    model = wave_u_net.WaveUNet(sources=4, channels=2, context=True, difference=True, learned=True)
    frames = 9 + wave_u_net.DOWN - 1
    for _ in range(wave_u_net.LEVELS):
        frames = 2 * frames - 1 + wave_u_net.DOWN - 1
    x = torch.rand(1, 2, frames) * 2 - 1
    example = {"input": x.transpose(1, 2).contiguous(), "output": model(x).detach().transpose(1, 2).contiguous()}
    save_file(example, f"{folder}/author-tensorflow.safetensors")
    arrays = {"global_step:0": torch.tensor(12.0)}
    number = 0

    def conv(weight, bias):
        nonlocal number
        name = "separator/conv1d" + (f"_{number}" if number else "")
        arrays[name + "/kernel:0"], arrays[name + "/bias:0"] = weight.permute(2, 1, 0), bias
        # The optimiser's variables lie beside the network's.
        arrays[name + "/kernel/Adam:0"] = torch.zeros(2)
        number += 1

    for layer in [*model.down, model.bottleneck, *model.up]:
        conv(layer.weight, layer.bias)
    for source in range(3):
        conv(model.output.weight[2 * source:2 * source + 2], model.output.bias[2 * source:2 * source + 2])
    for level, weights in enumerate(model.interpolation):
        arrays[f"separator/interp_{level}:0"] = weights
    arrays = {name: value.detach().numpy() for name, value in arrays.items()}
    np.savez_compressed(f"{folder}/author-tensorflow.npz", **arrays)


def pytorch(folder):
    torch.manual_seed(2)
    model = wave_u_net_resampling.ResamplingWaveUNet(2, 2, True, 4)
    frames = 10 + wave_u_net_resampling.KERNEL - 1
    for _ in range(wave_u_net_resampling.LEVELS - 1):
        frames = (frames - 1) * 4 + 1 + 2 * (wave_u_net_resampling.KERNEL - 1)
    x = torch.rand(1, 2, frames) * 2 - 1
    tensors = {"input": x.transpose(1, 2), "output": model(x).transpose(1, 2)}

    def layer(name, value):
        for part, parameter in [("filter", value.conv), ("norm", value.norm)]:
            tensors[f"{name}.{part}.weight"], tensors[f"{name}.{part}.bias"] = parameter.weight, parameter.bias

    for source, network in zip(["accompaniment", "vocals"], model.networks):
        place = f"module.waveunets.{source}"
        for level, block in enumerate(network.down):
            layer(f"{place}.downsampling_blocks.{level}.pre_shortcut_convs.0", block.skip)
            layer(f"{place}.downsampling_blocks.{level}.post_shortcut_convs.0", block.next)
            tensors[f"{place}.downsampling_blocks.{level}.downconv.filter"] = torch.zeros(1, 1, 15)
        for level, block in enumerate(network.up):
            layer(f"{place}.upsampling_blocks.{level}.pre_shortcut_convs.0", block.before)
            layer(f"{place}.upsampling_blocks.{level}.post_shortcut_convs.0", block.joined)
        layer(f"{place}.bottlenecks.0", network.bottleneck)
        for field in ("weight", "bias"):
            tensors[f"{place}.output_conv.{field}"] = getattr(network.output, field)
    save_file({k: v.detach().contiguous() for k, v in tensors.items()}, f"{folder}/author-pytorch.safetensors")


tensorflow(sys.argv[1])
pytorch(sys.argv[1])
