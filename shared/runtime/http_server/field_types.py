"""Shapes that the fields of many bodies and queries have."""

from typing import Annotated

import msgspec

Ident = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.:-]{1,120}$")]
"""An id or a code: no words, and nothing that MongoDB or a path reads otherwise."""


class NoBody(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing to say."""
