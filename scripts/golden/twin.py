"""A PyTorch twin as a safetensors file: weights in our names and layout, an input, the output, and the gradients of
mean((output - target)^2)."""
import torch
from safetensors.torch import save_file


def write_twin(path, model, x, ours):
    """`ours` gives our name and layout of a parameter's name and value; x is [batch, channels, frames]."""
    y = model(x)
    target = torch.rand_like(y) - 0.5
    torch.mean((y - target) ** 2).backward()
    tensors = {"input": x.transpose(1, 2), "output": y.transpose(1, 2), "target": target.transpose(1, 2)}
    for parameter, value in model.named_parameters():
        if not value.requires_grad:
            continue
        key, tensor = ours(parameter, value)
        tensors["weights/" + key] = tensor
        tensors["gradients/" + key] = ours(parameter, value.grad)[1]
    for buffer, value in model.named_buffers():
        if not value.dim():
            continue
        key, tensor = ours(buffer, value)
        tensors["buffers/" + key] = tensor
    save_file({k: v.detach().contiguous() for k, v in tensors.items()}, path)
