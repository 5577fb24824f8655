"""Golden scores of BSS Eval's other modes, of mir_eval, and of plain energies, for the sounds of museval_golden.py.

Made with museval 0.4.1, mir_eval 0.8.2, numpy 2.4.6, Python 3.11:

    python scripts/golden/bss_modes_golden.py

Writes modes.json beside cases.json: entries name a case of it, a mode, a window and a hop in seconds (null is the whole
track), and hold the scores [metric][target][window], SDR, ISR, SIR, SAR, as cases.json does. And energies.json: for each
case and target nSDR, SI-SDR, and lists of PES and EPS over the case's windows, in dB, by their formulas.
"""

import json
import pathlib
import warnings

import numpy as np

from museval_package import metrics
from mir_eval import separation

warnings.filterwarnings("ignore", category=FutureWarning)
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/SwiftDLAudioTests/Fixtures/museval"
cases = {case["name"]: case for case in json.loads((FOLDER / "cases.json").read_text())}


def sounds(case):
    flat = np.fromfile(FOLDER / case["sound"], "<i2").astype(np.float64) / 32768
    return flat.reshape(2, case["sources"], case["frames"], case["channels"])


def plain(x):
    return None if np.isnan(x) else "inf" if np.isinf(x) else round(float(x), 7)


def entry(name, mode, window, hop, scores, origin):
    scores = [[[plain(x) for x in np.atleast_1d(target)] for target in metric] for metric in scores]
    return dict(case=name, mode=mode, window=window, hop=hop, origin=origin, scores=scores)


entries = []
for name, window, hop in [("noise", 0.5, 0.5), ("music", 1.5, 0.7), ("music", None, None), ("short", None, None)]:
    case = cases[name]
    references, estimates = sounds(case)
    rate = case["sampleRate"]
    frames = (np.inf, np.inf) if window is None else (int(window * rate), int(hop * rate))
    for mode in ("v3", "sources"):
        sdr, isr, sir, sar, _ = metrics.bss_eval(
            references, estimates, window=frames[0], hop=frames[1], framewise_filters=True,
            bsseval_sources_version=mode == "sources")
        entries.append(entry(name, mode, window, hop, (sdr, isr, sir, sar), "museval"))

references, estimates = sounds(cases["music"])
sdr, isr, sir, sar, _ = separation.bss_eval_images(references, estimates, compute_permutation=False)
entries.append(entry("music", "v3", None, None, (sdr, isr, sir, sar), "mir_eval"))
references, estimates = sounds(cases["short"])
sdr, sir, sar, _ = separation.bss_eval_sources(references[..., 0], estimates[..., 0], compute_permutation=False)
entries.append(entry("short", "sources", None, None, (sdr, np.full(len(sdr), np.nan), sir, sar), "mir_eval"))
(FOLDER / "modes.json").write_text(json.dumps(entries, indent=1) + "\n")


def decibels(x, offset=0.0):
    return plain(10 * np.log10(x + offset))


def normalized(s, e):
    return 10 * np.log10(((s * s).sum() + 1e-7) / (((s - e) ** 2).sum() + 1e-7))


def invariant(s, e):
    scaled = s * (s * e).sum() / (s * s).sum()
    return min(100.0, 10 * np.log10((scaled ** 2).sum() / max(((scaled - e) ** 2).sum(), 1e-300)))


energies = []
for name, case in cases.items():
    window, hop = (int(case[key] * case["sampleRate"]) for key in ("window", "hop"))
    windows = [slice(start, start + window) for start in range(0, max(case["frames"] - window, 0) + 1, hop)]
    references, estimates = sounds(case)
    mixture = references.sum(0)
    for target, (s, e) in enumerate(zip(references, estimates)):
        silent = [(not s[w].any(), not e[w].any(), (s[w] ** 2).sum(), (e[w] ** 2).sum()) for w in windows]
        energies.append(dict(
            case=name, target=target,
            nSDR=plain(normalized(s, e)), siSDR=plain(invariant(s, e)),
            nSDRi=plain(normalized(s, e) - normalized(s, mixture)),
            siSDRi=plain(invariant(s, e) - invariant(s, mixture)),
            l1=plain(20 * np.log10(np.abs(s - e).mean() + 1e-6)),
            pes=[decibels(estimate, 1e-12) for rests, _, _, estimate in silent if rests],
            eps=[decibels(reference, 1e-12) for rests, mute, reference, _ in silent if mute and not rests]))
(FOLDER / "energies.json").write_text(json.dumps(energies, indent=1) + "\n")
print([(e["case"], e["pes"], e["eps"]) for e in energies if e["pes"] or e["eps"]])
