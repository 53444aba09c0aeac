"""The files of a running stack's data folder."""

import os
from collections.abc import Iterator
from pathlib import Path

SECRET_FILES = frozenset({"dev.json", "secret"})
"""The files that hold secrets on purpose; both are their owner's alone."""


def readable_files(data: Path) -> Iterator[Path]:
    """Every file of the data folder: logs, state, MongoDB's and Kafka's own (as they lie on the disk: most of MongoDB's
    pages are compressed, its journal in part); Kafka's indexes hold numbers only."""
    for folder, _, names in os.walk(data):
        yield from (Path(folder) / name for name in names if name not in SECRET_FILES and not name.endswith("index"))
