"""Areas under the ROC curve, DeLong's test and Wilcoxon's signed-rank test, by scikit-learn, scipy and definitions.

Writes Tests/ExperimentsTests/Fixtures/rank-statistics.json. Versions: Python 3.11, scikit-learn and scipy as printed in it.
"""
import json
import pathlib

import numpy as np
import scipy
import sklearn
from scipy.stats import norm, rankdata, wilcoxon
from sklearn.metrics import roc_auc_score

random = np.random.default_rng(7)
areas, tests, pairs = [], [], []


def delong(a, b, truth):
    """By the definition, pair by pair: placement values and their covariances."""
    def placements(scores):
        x, y = scores[truth], scores[~truth]
        psi = (x[:, None] > y[None]) + 0.5 * (x[:, None] == y[None])
        return psi.mean(1), psi.mean(0), psi.mean()
    (a10, a01, area_a), (b10, b01, area_b) = placements(a), placements(b)
    s10, s01 = np.cov(a10, b10), np.cov(a01, b01)
    contrast = np.array([1, -1])
    variance = contrast @ (s10 / truth.sum() + s01 / (~truth).sum()) @ contrast
    z = (area_a - area_b) / np.sqrt(variance)
    return area_a, area_b, np.sqrt(variance), z, 2 * norm.sf(abs(z))


for count, levels in [(12, 0), (60, 0), (60, 5), (200, 3)]:
    truth = random.random(count) < 0.4
    truth[:2] = [True, False]
    def scores(skill):
        values = random.normal(size=count) + skill * truth
        return (np.round(values * levels) / levels if levels else values).astype(np.float32)
    a, b = scores(1.0), scores(0.6)
    areas.append({"scores": a.tolist(), "truth": truth.tolist(), "area": roc_auc_score(truth, a)})
    first, second, error, z, p = delong(a, b, truth)
    assert abs(first - areas[-1]["area"]) < 1e-12
    tests.append({"a": a.tolist(), "b": b.tolist(), "truth": truth.tolist(), "first": first, "second": second,
                  "standardError": error, "statistic": z, "probability": p})


def exact_with_ties(differences):
    """Over all ways of giving signs to the ranks of what is not 0."""
    differences = differences[differences != 0]
    ranks = rankdata(np.abs(differences))
    signs = (np.arange(2 ** len(ranks))[:, None] >> np.arange(len(ranks))) & 1
    sums = signs @ ranks
    statistic = min(ranks[differences > 0].sum(), ranks[differences < 0].sum())
    return statistic, min(1.0, 2 * float((sums <= statistic + 1e-9).mean()))


for count, digits in [(6, 9), (15, 9), (40, 9), (80, 9), (20, 1), (60, 0), (12, 0), (13, 1)]:
    a = np.round(random.normal(size=count), digits)
    b = np.round(random.normal(size=count) + 0.3, digits)
    result = wilcoxon(a, b)
    statistic, probability = result.statistic, result.pvalue
    if count <= 20:
        statistic, exact = exact_with_ties(a - b)
        # What scipy calls exact or permutes is the same; between 14 and 50 with ties it approximates, and we do not.
        assert count > 13 and digits < 9 or abs(exact - probability) < 1e-12, (count, exact, probability)
        probability = exact
    pairs.append({"a": a.tolist(), "b": b.tolist(), "statistic": float(statistic), "probability": float(probability)})
text = json.dumps({"versions": f"scikit-learn {sklearn.__version__}, scipy {scipy.__version__}", "areas": areas,
                   "delong": tests, "wilcoxon": pairs}, indent=1)
path = pathlib.Path(__file__).parents[2] / "Tests/ExperimentsTests/Fixtures/rank-statistics.json"
path.write_text(text + "\n")
print(len(text), [round(p["probability"], 4) for p in tests + pairs])
