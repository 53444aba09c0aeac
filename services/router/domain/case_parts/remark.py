"""What the system itself says in a line of a case's history: a code and values, put into words for each reader."""

import msgspec

from shared.kernel.vocabulary import RemarkCode


class Remark(msgspec.Struct, frozen=True, omit_defaults=True):
    """``values``: (name, value) pairs, as ids, codes and times in RFC 3339. What people wrote is the line's text."""

    code: RemarkCode
    values: tuple[tuple[str, str], ...] = ()
