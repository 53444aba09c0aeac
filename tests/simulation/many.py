"""Many seeds, over the machine's cores."""

import gc
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple

from tests.simulation.laws import Outcome
from tests.simulation.seed import Broken, run_seed

AT_ONCE = 50
"""Seeds between two collections of garbage: what a seed leaves is one large circle."""


def run_some(seeds: Sequence[int]) -> tuple[Outcome, list[str]]:
    """What the seeds did in all, and which of them broke a law."""
    total, broken = Outcome(), []
    gc.collect()
    gc.disable()
    try:
        for seed in seeds:
            try:
                total = added(total, run_seed(seed))
            except Broken as error:
                broken.append(str(error))
    finally:
        gc.enable()
    return total, broken


def run_many(seeds: Sequence[int]) -> tuple[Outcome, list[str]]:
    """As ``run_some``, on every core."""
    parts = [seeds[start : start + AT_ONCE] for start in range(0, len(seeds), AT_ONCE)]
    total, broken = Outcome(), []
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        for outcome, errors in pool.map(run_some, parts):
            total = added(total, outcome)
            broken += errors
    return total, broken


def added(one: Outcome, other: Outcome) -> Outcome:
    return Outcome(*(a + b for a, b in zip(astuple(one), astuple(other), strict=True)))
