"""Bach's chorales in music21's corpus as piano rolls, a frame per quarter note, in the layout of JSB_Chorales.mat.

Usage: python chorales.py OUTPUT.mat     (music21 10.5, scipy 1.17)
"""
import os
import random
import sys

import numpy as np
import scipy.io
from music21 import corpus


def roll(score):
    notes = [
        (float(element.offset), float(element.offset + element.duration.quarterLength), pitch.midi)
        for element in score.flatten().notes for pitch in element.pitches
    ]
    frames = int(max(end for _, end, _ in notes))
    keys = np.zeros((frames, 88), np.uint8)
    for start, end, key in notes:
        if 21 <= key <= 108:
            # What sounds on the beat.
            keys[int(np.ceil(start)):max(int(np.ceil(start)) + (start == int(start)), int(np.ceil(end))), key - 21] = 1
    return keys


rolls = []
for chorale in corpus.chorales.Iterator():
    keys = roll(chorale)
    if len(keys) > 1:
        rolls.append(keys)
    print(f"\r{len(rolls)} chorales", end="", file=sys.stderr)
print(file=sys.stderr)
random.Random(0).shuffle(rolls)
cuts = [0, len(rolls) * 6 // 10, len(rolls) * 8 // 10, len(rolls)]


def cells(part):
    box = np.empty((1, len(part)), dtype=object)
    for index, keys in enumerate(part):
        box[0, index] = keys
    return box


names = ["traindata", "validdata", "testdata"]
data = {name: cells(rolls[a:b]) for name, a, b in zip(names, cuts, cuts[1:])}
scipy.io.savemat(sys.argv[1] + ".part", data, appendmat=False, do_compression=True)
os.replace(sys.argv[1] + ".part", sys.argv[1])
print(sys.argv[1], [len(data[name][0]) for name in names], "pieces")
