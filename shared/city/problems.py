"""Problems of a pack; each names its file and its place in it."""

from collections.abc import Iterable

import msgspec

from shared.city.limits import MOST_PROBLEMS


class Problem(msgspec.Struct, frozen=True):
    """One fault. ``place`` is a JSON pointer into the file, followed by ``(line n)`` where that is known."""

    file: str
    place: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file} {self.place}".rstrip()
        return f"{where}: {self.message}" + (f" — {self.hint}" if self.hint else "")


class PackProblems(Exception):
    """A pack that cannot be used, with all its problems (at most ``MOST``)."""

    MOST = MOST_PROBLEMS

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)[: self.MOST]
        super().__init__("\n".join(str(problem) for problem in self.problems))


def pointer(*parts: str | int) -> str:
    """An RFC 6901 JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
