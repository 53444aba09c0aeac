"""Field types that many bodies and queries share."""

from typing import Annotated

import msgspec

Ident = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.:-]{1,120}$")]
"""An id or a code; no character has a meaning in MongoDB queries or URL paths."""


class NoBody(msgspec.Struct, forbid_unknown_fields=True):
    """The empty body ``{}``."""
