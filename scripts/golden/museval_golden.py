"""Golden scores of BSS Eval v4 for Tests/SwiftDLAudioTests/Fixtures/museval.

Made with museval 0.4.1, numpy 2.4.6, scipy 1.17.1, Python 3.11:

    python scripts/golden/museval_golden.py

Each case is sound in one file of little-endian 16-bit integers, [signal, frame, channel] with the references
before the estimates (read: value / 32768), and one entry of cases.json with shape, rate, windows and the scores
[metric][target][window], metrics in the order SDR, ISR, SIR, SAR; NaN and infinity are null and "inf".
"""

import json
import pathlib
import sys

import numpy as np
from scipy.signal import fftconvolve, lfilter

from museval_package import metrics

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/SwiftDLAudioTests/Fixtures/museval"
RATE = 8000
rng = np.random.default_rng(20)
cases = []


def store(name, references, estimates, window=RATE, hop=RATE, sound_name=None):
    sound = np.stack(references + estimates)
    sound = np.round(sound / np.abs(sound).max() * 0.9 * 32767).astype("<i2")
    sound_name = sound_name or name
    sound.tofile(OUT / f"{sound_name}.i16")
    samples = sound.astype(np.float64) / 32768
    n = len(references)
    sdr, isr, sir, sar, _ = metrics.bss_eval(
        samples[:n], samples[n:], window=window, hop=hop, compute_permutation=False, filters_len=512,
        framewise_filters=False, bsseval_sources_version=False)

    def plain(x):
        return None if np.isnan(x) else "inf" if np.isinf(x) else round(float(x), 7)

    scores = [[[plain(x) for x in target] for target in metric] for metric in (sdr, isr, sir, sar)]
    cases.append(dict(name=name, sound=f"{sound_name}.i16", sources=n, frames=sound.shape[1], channels=sound.shape[2], sampleRate=RATE,
                      window=window / RATE, hop=hop / RATE, scores=scores))
    print(name, sound.shape, "median SDR", np.nanmedian(sdr, axis=1))


def noise(frames, channels):
    return rng.standard_normal((frames, channels)) * 0.2


def room(sound, taps, amount):
    """Each channel a random short filtering of all channels of a sound, around the sound itself."""
    result = sound.copy()
    for c in range(sound.shape[1]):
        for d in range(sound.shape[1]):
            h = rng.standard_normal(taps) * np.exp(-np.arange(taps) / (taps / 6)) * amount
            result[:, c] += fftconvolve(sound[:, d], h)[: len(sound)]
    return result


def notes(frames, channels, low, high, decay, partials):
    """Decaying harmonic notes, each panned somewhere."""
    result = np.zeros((frames, channels))
    t = np.arange(frames) / RATE
    for start in np.arange(0, frames / RATE, 0.25):
        f = low * (high / low) ** rng.random()
        since = np.clip(t - start, 0, None)
        tone = sum(np.sin(2 * np.pi * k * f * since + rng.random()) / k
                   for k in range(1, partials + 1) if k * f < RATE / 2)
        tone = tone * np.exp(-since * decay) * (t >= start)
        result += tone[:, None] * (0.3 + 0.7 * rng.random(channels))[None] * 0.2
    return result


def hits(frames, channels):
    """Short bursts of filtered noise."""
    result = np.zeros((frames, channels))
    for start in range(0, frames, RATE // 4):
        n = min(RATE // 8, frames - start)
        burst = lfilter([1], [1, -0.7], rng.standard_normal(n)) * np.exp(-np.arange(n) / 150)
        result[start: start + n] += burst[:, None] * (0.5 + 0.5 * rng.random(channels))[None] * 0.3
    return result


OUT.mkdir(parents=True, exist_ok=True)

# Noise, three sources; the last is silent for half a second, and an estimate for another.
frames = 3 * RATE + 321
r = [noise(frames, 2) for _ in range(3)]
r[2][RATE: 3 * RATE // 2] = 0
e = [room(x, 64, 0.3) + noise(frames, 2) * 0.3 for x in r]
e[0] += 0.2 * r[1]
e[1][2 * RATE: 5 * RATE // 2] = 0
store("noise", r, e, window=RATE // 2, hop=RATE // 2)

# Music-like, two sources, leaking filtered into each other; windows of 1.5 s every 0.7 s.
frames = 3 * RATE
r = [notes(frames, 2, 100, 800, 3, 20) + 1e-3 * noise(frames, 2), hits(frames, 2) + 1e-4 * noise(frames, 2)]
e = [room(r[0], 100, 0.1) + 0.2 * room(r[1], 30, 0.5) + 0.002 * noise(frames, 2),
     0.8 * r[1] + 0.1 * room(r[0], 600, 0.1) + 0.01 * np.tanh(5 * r[0])]
store("music", r, e)
store("overlap", r, e, window=int(1.5 * RATE), hop=int(0.7 * RATE), sound_name="music")

# One channel; the estimates are a mixture each ("do nothing"); shorter than its window.
frames = 6000
r = [notes(frames, 1, 200, 600, 2, 8), hits(frames, 1)]
store("short", r, [r[0] + r[1], r[0] + r[1]])

# Mono given as stereo: the matrix of correlations is singular.
frames = 3 * RATE // 2
r = [np.repeat(notes(frames, 1, 100, 800, 3, 20), 2, 1), np.repeat(hits(frames, 1), 2, 1)]
e = [r[0] + 0.3 * r[1] + 0.01 * noise(frames, 2), 0.9 * r[1] + 0.1 * room(r[0], 50, 0.3)]
store("twins", r, e)

# One source and one empty channel; no interference is possible.
frames = 2 * RATE
r = noise(frames, 2)
r[:, 1] = 0
store("single", [r], [room(r, 20, 0.3) + 0.1 * noise(frames, 2)])

with open(OUT / "cases.json", "w") as file:
    json.dump(cases, file, indent=1)
print(sum(f.stat().st_size for f in OUT.iterdir()), "bytes, Python", sys.version.split()[0])
