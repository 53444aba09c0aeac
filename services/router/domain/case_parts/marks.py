"""What a case is marked with: sensitive, found on patrol, not ours."""

from datetime import datetime

import msgspec

from shared.kernel.vocabulary import (
    Sample,
    Sensitivity,
)


class Sensitive(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why the case is sensitive (敏感件), and the unit that was told of it at once and sees it since."""

    kind: Sensitivity
    told: str


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """A patrol find that was handled on the spot: who says so, when it was reported, whether it is inspected."""

    at: datetime
    by: str
    by_unit: str
    sample: Sample


class NotOurs(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who deals with a matter that is not dealt with here: the pack's id, and its words on where to go."""

    id: str
    name: str
    text: str
