"""What the system itself says in a line of a case's history: a code and values, put into words for each reader."""

from dataclasses import dataclass

from shared.kernel.vocabulary import RemarkCode


@dataclass(frozen=True, slots=True)
class Remark:
    """``values``: (name, value) pairs, as ids, codes and times in RFC 3339. What people wrote is the line's text."""

    code: RemarkCode
    values: tuple[tuple[str, str], ...] = ()
