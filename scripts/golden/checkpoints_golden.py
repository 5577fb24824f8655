"""Files of the outside world: safetensors and NumPy arrays as Python writes them.

Writes Tests/SwiftDLTests/Fixtures/python.safetensors and *.npy.
Versions: Python 3.11, torch 2.13.0, safetensors 0.8.0, numpy 2.4.6.

With the argument `check FILE.safetensors ARRAY.npy` reads two files written by SwiftDL instead and prints them.
"""

import pathlib
import sys

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

if sys.argv[1:2] == ["check"]:
    for name, tensor in load_file(sys.argv[2]).items():
        print(name, tensor.dtype, tuple(tensor.shape), tensor.flatten()[:4].tolist())
    with safe_open(sys.argv[2], "pt") as file:
        print(file.metadata())
    print(np.load(sys.argv[3]).dtype, np.load(sys.argv[3]).shape, np.load(sys.argv[3]).ravel()[:4])
    sys.exit()

fixtures = pathlib.Path(__file__).parents[2] / "Tests/SwiftDLTests/Fixtures"
# i / 4 - 1 is exact in every type that has fractions.
ramp = torch.arange(12, dtype=torch.float64) / 4 - 1
types = {
    "f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32, "f64": torch.float64,
}
tensors = {name: ramp.reshape(3, 4).to(type) for name, type in types.items()}
tensors |= {
    "i16": torch.arange(-6, 6, dtype=torch.int16).reshape(2, 6), "u8": torch.arange(12, dtype=torch.uint8),
    "i64": torch.arange(-6, 6), "bool": torch.arange(12) % 3 == 0,
    "number": torch.tensor(0.5), "empty": torch.zeros(0, 5), "großer.name/☃": torch.ones(2),
}
save_file(tensors, fixtures / "python.safetensors", metadata={"config": '{"levels": 3}', "ключ": "line\nbreak \"☃\" 𝄞"})

ramp = (np.arange(24) / 4 - 3).reshape(2, 3, 4)
np.save(fixtures / "float32.npy", ramp.astype("<f4"))
np.save(fixtures / "float64.npy", ramp.astype("<f8"))
np.save(fixtures / "int16.npy", (ramp * 4).astype("<i2"))
np.save(fixtures / "column_major.npy", np.asfortranarray(ramp.astype("<f4")))
np.save(fixtures / "number.npy", np.float32(0.5))
np.save(fixtures / "big_endian.npy", ramp.astype(">f4"))
with open(fixtures / "version2.npy", "wb") as file:
    np.lib.format.write_array(file, ramp.astype("<f4"), version=(2, 0))
