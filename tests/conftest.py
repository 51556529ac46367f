"""Hypothesis: the same examples on every run; `HYPOTHESIS_PROFILE=soak` takes many and new ones."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("test", derandomize=True, deadline=None, max_examples=200)
settings.register_profile("soak", deadline=None, max_examples=4000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))
