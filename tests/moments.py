"""Awkward moments at which tests must hold too: nobody works, the day changes, clocks change, desks change.

``WHISTLE_MOMENT`` takes the name of one of them, or a time with its zone: the tests' stacks begin then. ``python -m
tests.moments`` prints the name that ``.ci/run`` takes for the commit, ``--all`` prints every name.
"""

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from deploy.local.morning import working_morning

VARIABLE = "WHISTLE_MOMENT"


@dataclass(frozen=True)
class Moment:
    """When the tests' stacks begin. ``local``: the wall clock of ``zone``; ``city``: whose calendar makes it so."""

    name: str
    local: str
    city: str
    zone: str

    @property
    def at(self) -> datetime:
        """With its zone."""
        return datetime.fromisoformat(self.local).replace(tzinfo=ZoneInfo(self.zone))


AMSTERDAM, SHANGHAI = ("harbour", "Europe/Amsterdam"), ("sheyang", "Asia/Shanghai")
MOMENTS = (
    Moment("saturday-noon", "2026-06-13T12:00", *AMSTERDAM),
    Moment("saturday-night", "2026-06-13T23:30", *AMSTERDAM),
    Moment("public-holiday", "2026-04-27T10:00", *AMSTERDAM),
    Moment("made-up-working-day", "2026-02-14T10:00", *SHANGHAI),
    Moment("year-end", "2026-12-31T23:58", *AMSTERDAM),
    Moment("clocks-go-forward", "2027-03-28T01:56", *AMSTERDAM),
    Moment("clocks-go-back", "2026-10-25T02:56", *AMSTERDAM),
    Moment("leap-day", "2028-02-29T10:00", *SHANGHAI),
    Moment("hand-over", "2026-06-10T17:59", *AMSTERDAM),
)


def moment(name: str) -> Moment:
    """The moment of that name. Raises ``ValueError`` that says which there are."""
    found = next((m for m in MOMENTS if m.name == name), None)
    if found is None:
        raise ValueError(f"{VARIABLE}={name}: neither a time with its zone nor one of {', '.join(names())}")
    return found


def names() -> list[str]:
    return [m.name for m in MOMENTS]


def of_commit(commit: str) -> Moment:
    """The moment that follows from a commit's id: each comes up as often as the others."""
    return MOMENTS[int(hashlib.sha256(commit.encode()).hexdigest(), 16) % len(MOMENTS)]


def asked() -> datetime | None:
    """What ``WHISTLE_MOMENT`` says; None when it says nothing."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return moment(text).at
    if at.tzinfo is None:
        raise ValueError(f"{VARIABLE}={text} needs a zone, as in 2026-06-13T12:00+02:00")
    return at


def begins(pack: Path) -> datetime:
    """When a stack with the pack in that folder begins: as asked for, else on a working morning there."""
    zone = yaml.safe_load((pack / "city.yaml").read_text(encoding="utf-8"))["timezone"]
    return asked() or working_morning(zone)


def main() -> None:
    """Print names."""
    if sys.argv[1:] == ["--all"]:
        found = names()
    else:
        head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
        found = [of_commit(head).name]
    sys.stdout.write("".join(f"{name}\n" for name in found))


if __name__ == "__main__":
    main()
