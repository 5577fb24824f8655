"""Pictures as files, and what Pillow reads in them and makes of them in other sizes.

Writes Tests/ExperimentsTests/Fixtures/pictures/: colour.png, grey.png, deep.png (16 bits), see-through.png, photo.jpg, and
expected.safetensors with the pixels as numbers from 0 to 255.
Versions: Python 3.11, Pillow 13.0.0, numpy 2.4.6, safetensors 0.8.0.
"""
import pathlib

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

folder = pathlib.Path(__file__).parents[2] / "Tests/ExperimentsTests/Fixtures/pictures"
folder.mkdir(exist_ok=True)
random = np.random.default_rng(3)
height, width = 17, 23
noise = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
rows, columns = np.mgrid[0:height, 0:width]
smooth = np.stack([rows * 14, columns * 11, (rows + columns) * 6], axis=2).astype(np.uint8)

Image.fromarray(noise).save(folder / "colour.png")
Image.fromarray(noise[:, :, 0]).save(folder / "grey.png")
Image.fromarray(noise[:, :, 0].astype(np.uint16) * 257).save(folder / "deep.png")
opacity = np.where(columns < 12, 255, 0).astype(np.uint8)[:, :, None]
Image.fromarray(np.concatenate([noise, opacity], axis=2)).save(folder / "see-through.png")
Image.fromarray(smooth).save(folder / "photo.jpg", quality=90)

expected = {
    "colour": noise,
    "grey": np.repeat(noise[:, :, :1], 3, axis=2),
    "deep": np.repeat(noise[:, :, :1], 3, axis=2),
    "see-through": noise * (opacity > 0),
    "photo": np.asarray(Image.open(folder / "photo.jpg").convert("RGB")),
    "greys": np.asarray(Image.fromarray(noise).convert("L")),
}
for size in [(8, 8), (64, 32), (23, 5), (7, 17), (40, 40)]:
    resized = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    expected[f"bicubic {size[0]} {size[1]}"] = np.asarray(resized)
save_file({name: np.ascontiguousarray(v).astype(np.float32) for name, v in expected.items()}, folder / "expected.safetensors")
