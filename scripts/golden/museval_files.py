"""museval's files and the table it prints of them, for Tests/ExperimentsTests/Fixtures/museval.

Made with museval 0.4.1, pandas 3.1.1, numpy 2.4.6, Python 3.11:

    python scripts/golden/museval_files.py

museval writes the scores of two tracks, its loader reads the folder back, and what it prints of them is table.txt. Files
of ours with the same bytes are read the same way. With a folder that `swiftdl evaluate --json` wrote, it is read and
printed instead:

    python scripts/golden/museval_files.py FOLDER/METHOD
"""

import pathlib
import sys

import jsonschema
import numpy as np
import simplejson

from museval_package import museval

if len(sys.argv) > 1:
    folder = pathlib.Path(sys.argv[1])
    for path in sorted(folder.glob("test/**/*.json")):
        jsonschema.validate(simplejson.loads(path.read_text(), allow_nan=True), museval.TrackStore("").schema)
    store = museval.EvalStore()
    store.add_eval_dir(folder)
    methods = museval.MethodStore()
    methods.add_eval_dir(folder)
    assert len(methods.df) == len(store.df) > 0
    print(store)
    sys.exit()

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExperimentsTests/Fixtures/museval"
(OUT / "test").mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(4)
for track, windows in (("A", 4), ("B", 3)):
    store = museval.TrackStore(track, win=1.0, hop=1.0)
    for target in ("bass", "vocals"):
        values = {metric: rng.normal(5, 8, windows) for metric in ("SDR", "SIR", "ISR", "SAR")}
        if target == "vocals":
            for metric in values:
                values[metric][1] = np.nan
            values["SIR"][2] = np.inf
        store.add_target(target, {metric: list(scores) for metric, scores in values.items()})
    store.validate()
    (OUT / "test" / f"{track}.json").write_text(store.json + "\n")
store = museval.EvalStore()
store.add_eval_dir(OUT)
(OUT / "table.txt").write_text(repr(store))
print(store)
