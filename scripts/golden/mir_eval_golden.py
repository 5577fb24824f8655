"""What mir_eval says of events, notes, keys, chords and tempi drawn at random.

Writes Tests/SwiftDLAudioTests/Fixtures/mir_eval/cases.json. Made with mir_eval 0.8.2. Usage: python mir_eval_golden.py FILE
"""
import json
import sys
import warnings
import numpy as np
import mir_eval

warnings.simplefilter("ignore")
random = np.random.default_rng(11)
KEYS = [f"{root} {mode}" for root in ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
        for mode in ["major", "minor"]]
CHORDS = ["N", "C:maj", "A:min", "C", "F#:maj7/3", "G:7", "D:min7", "B:dim", "Eb:aug", "A:sus4", "X", "E:minmaj7"]


def times(count):
    return np.sort(np.round(random.uniform(0, 4, count), 3)).tolist()


def near(values):
    kept = [v + random.normal(0, 0.05) for v in values if random.random() < 0.8]
    return np.sort(np.round(np.abs(kept + times(random.integers(0, 4))), 3)).tolist()


def events():
    cases = []
    for count in [0, 1, 5, 12, 30]:
        for _ in range(3):
            reference = times(count)
            estimate = near(reference)
            a, b = np.array(reference), np.array(estimate)
            f, precision, recall = mir_eval.onset.f_measure(a, b)
            cases.append(dict(reference=reference, estimate=estimate, onset=f, precision=precision, recall=recall,
                              beat=mir_eval.beat.f_measure(a, b)))
    return cases


def notes():
    cases = []
    for count in [1, 4, 15, 40]:
        for _ in range(3):
            starts = times(count)
            reference = [[s, round(s + random.uniform(0.05, 1), 3), int(random.integers(60, 66))] for s in starts]
            estimate = [[round(abs(s + random.normal(0, 0.03)), 3), e, k] for s, e, k in reference if random.random() < 0.8]
            estimate = [[s, max(round(e + random.normal(0, 0.1), 3), s + 0.02), k] for s, e, k in estimate]
            estimate += [[s, s + 0.5, int(random.integers(60, 66))] for s in times(3)]
            def split(rows):
                return (np.array([[s, e] for s, e, _ in rows]),
                        np.array([440 * 2 ** ((k - 69) / 12) for _, _, k in rows]))
            scores = [mir_eval.transcription.precision_recall_f1_overlap(
                *split(reference), *split(estimate), offset_ratio=ratio)[:3] for ratio in (None, 0.2)]
            cases.append(dict(reference=reference, estimate=estimate, onsets=list(scores[0]), ends=list(scores[1])))
    return cases


def keys():
    pairs = [(KEYS[i], KEYS[j]) for i in range(0, 24, 5) for j in range(24)]
    return [dict(reference=a, estimate=b, score=mir_eval.key.weighted_score(a, b)) for a, b in pairs]


def chords():
    def track(count, start, end):
        bounds = [start] + np.sort(np.round(random.uniform(start, end, count - 1), 3)).tolist() + [end]
        return [[a, b, str(random.choice(CHORDS))] for a, b in zip(bounds, bounds[1:]) if b > a]
    cases = []
    for count in [1, 3, 8, 20]:
        for shift in [0, 0.4]:
            reference, estimate = track(count, 0.0, 8.0), track(count + 2, shift, 8 - shift)
            scores = mir_eval.chord.evaluate(
                np.array([r[:2] for r in reference]), [r[2] for r in reference],
                np.array([r[:2] for r in estimate]), [r[2] for r in estimate])
            cases.append(dict(reference=reference, estimate=estimate, majmin=float(scores["majmin"])))
    return cases


def tempi():
    cases = []
    for _ in range(30):
        a = round(random.uniform(60, 180), 2)
        reference, weight = ([a, 2 * a], round(random.random(), 2)) if random.random() < 0.5 else ([0, a], 0)
        estimate = [round(a * random.choice([0.5, 0.92, 0.93, 1, 1.07, 1.08, 1.1, 2]), 2),
                    round(a * 2 * random.uniform(0.9, 1.1), 2)]
        p, _, _ = mir_eval.tempo.detection(np.array(reference, float), weight, np.array(estimate, float))
        cases.append(dict(reference=reference, weight=weight, estimate=estimate, score=float(p)))
    return cases


with open(sys.argv[1], "w") as file:
    json.dump(dict(mir_eval=mir_eval.__version__, events=events(), notes=notes(), keys=keys(), chords=chords(), tempi=tempi()),
              file, indent=None, default=float)
