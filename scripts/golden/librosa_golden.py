"""Golden values of the short-time Fourier transform and of mel filters for Tests/SwiftDLAudioTests/Fixtures/librosa.

Made with librosa 0.11.0, numpy 2.4.6, Python 3.11:

    python scripts/golden/librosa_golden.py

cases.json lists the cases; NAME.f32 holds little-endian floats: for "stft" the samples, then real parts, then
imaginary parts, both [frame, bin]; for "mel" the weights, [band, bin].
"""

import json
import pathlib

import librosa
import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/SwiftDLAudioTests/Fixtures/librosa"
OUT.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(4)
cases = dict(stft=[], mel=[])

for name, length, size, hop, mode in [("reflect", 1000, 128, 32, "reflect"), ("zeros", 777, 96, 40, "constant"),
                                      ("sparse", 900, 64, 64, "reflect")]:
    x = rng.uniform(-1, 1, length).astype(np.float32)
    s = librosa.stft(x, n_fft=size, hop_length=hop, window="hann", center=True, pad_mode=mode).T
    np.concatenate([x, s.real.ravel(), s.imag.ravel()]).astype("<f4").tofile(OUT / f"{name}.f32")
    cases["stft"].append(dict(name=name, samples=length, size=size, hop=hop, padding=mode, frames=s.shape[0]))

for name, rate, size, bands, lowest, highest in [("mel22050", 22050, 512, 40, 0.0, None),
                                                 ("mel8000", 8000, 256, 13, 100.0, 3500.0)]:
    w = librosa.filters.mel(sr=rate, n_fft=size, n_mels=bands, fmin=lowest, fmax=highest)
    w.astype("<f4").tofile(OUT / f"{name}.f32")
    cases["mel"].append(dict(name=name, sampleRate=rate, size=size, bands=bands, lowest=lowest, highest=highest))

with open(OUT / "cases.json", "w") as file:
    json.dump(cases, file, indent=1)
