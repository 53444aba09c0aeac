"""What the demo expects: said when it has come, and the end of the demo when it has not."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
WITHIN_S = 20.0


class Unmet(Exception):
    """Something that was expected did not come; the message says what, and what came instead, where that is known."""

    def __init__(self, expected: str, came: object = None) -> None:
        super().__init__(f"expected: {expected}" + ("" if came is None else f"\n  came: {came}"))


@dataclass
class Expectations:
    """Counts what has been met and tells each, by ``say``."""

    say: Callable[[str], None]
    met: int = field(default=0)

    def expect(self, met: bool, what: str, came: object = None) -> None:
        """``what`` holds. Unmet, with what came instead, if it does not."""
        if not met:
            raise Unmet(what, came)
        self.met += 1
        self.say(f"✓ {what}")

    def until(self, look: Callable[[], T | None], what: str, within: float = WITHIN_S) -> T:
        """What ``look`` finds, as soon as it finds something. Unmet after ``within`` seconds."""
        ends = time.monotonic() + within
        for pause in itertools.chain((0.01, 0.02, 0.05), itertools.repeat(0.1)):
            found = look()
            if found is not None and found is not False:
                return found
            if time.monotonic() > ends:
                break
            time.sleep(pause)
        raise Unmet(f"{what}, within {within:.0f} s")
