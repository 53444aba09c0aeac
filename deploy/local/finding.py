"""One line of `whistle doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is well, what was seen, what to do if not."""

    check: str
    ok: bool
    seen: str
    do: str = ""
