"""What a case is marked with: sensitive, found on patrol, not ours."""

from dataclasses import dataclass
from datetime import datetime

from shared.kernel.vocabulary import (
    Sample,
    Sensitivity,
)


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Why the case is sensitive (敏感件), and the unit that was told of it at once and sees it since."""

    kind: Sensitivity
    told: str


@dataclass(frozen=True, slots=True)
class Found:
    """A patrol find that was handled on the spot: who says so, when it was reported, whether it is inspected."""

    at: datetime
    by: str
    by_unit: str
    sample: Sample


@dataclass(frozen=True, slots=True)
class NotOurs:
    """Who deals with a matter that is not dealt with here: the pack's id, and its words on where to go."""

    id: str
    name: str
    text: str
