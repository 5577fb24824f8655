"""Piano rolls in MATLAB files as scipy writes them: base64 for Tests/ExperimentsTests/DataSets/MATFileTests.swift.

Written with Python 3.11, numpy 2.4, scipy 1.17.  Usage: python mat_files.py
"""
import base64
import io

import numpy as np
import scipy.io


def roll(frames, first):
    x = np.zeros((frames, 88), np.float64)
    for t in range(frames):
        x[t, (first + 3 * t) % 88] = 1
        x[t, (first + 5 * t + 7) % 88] = 1
    return x


def cells(*rolls):
    box = np.empty((1, len(rolls)), dtype=object)
    for i, r in enumerate(rolls):
        box[0, i] = r
    return box


data = {
    "traindata": cells(roll(5, 10), roll(3, 60)),
    "validdata": cells(roll(4, 20)),
    "testdata": cells(roll(2, 87)),
    "note": "text is passed over",
    "dt": np.array([[0.3]]),
}
file = io.BytesIO()
scipy.io.savemat(file, data, do_compression=True)
print(base64.b64encode(file.getvalue()).decode())
