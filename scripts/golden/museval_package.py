"""museval without what it imports and scoring does not need: musdb looks for the program ffmpeg."""

import sys
import types

sys.modules.setdefault("musdb", types.ModuleType("musdb"))

import museval  # noqa: E402
from museval import metrics  # noqa: E402, F401
