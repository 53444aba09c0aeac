"""By which words a case is found: address, place, description, and the numbers of the case, its reports and tickets.

Words are the index's entries: pairs of neighbouring characters of Chinese, whole words of other scripts. Of a sensitive
case there are only its numbers, of a confidential one none. Nothing of a person is among them.
"""

import re
from collections.abc import Iterator

from services.router.domain.case import Case
from shared.kernel.errors import FieldError, invalid
from shared.kernel.ids import plain_id
from shared.kernel.spelling import compared_spelling
from shared.runtime.storage.mongo import Document

WORDS_MAX = 60
"""Of one case; what its description says first counts."""
ASKED_MAX = 8
"""Of a search; more words of it would find the same."""
DESCRIBED_MAX = 100
WORD_MAX = 32
ENDING = 6
"""The last characters of a case's number, which people read out."""
_HAN = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_IS_HAN = re.compile(f"[{_HAN}]")
_PIECES = re.compile(f"[{_HAN}]+|[^\\W_{_HAN}]+")
_ID_LENGTH = len(plain_id("c"))


def words_of(case: Case) -> list[str]:
    """The words of a case, each once."""
    if case.confidential:
        return []
    return list(dict.fromkeys(_all_of(case)))[:WORDS_MAX]


def _all_of(case: Case) -> Iterator[str]:
    yield case.id
    yield case.id[-ENDING:]
    for report in case.reports:
        yield report.id
        yield from _words(report.outside_number or "")
    if case.sensitive is None:
        yield from _words(case.location.address or "")
        yield from _words(case.location.place or "")
        yield from _words(case.description[:DESCRIBED_MAX])


def _pieces(text: str) -> list[str]:
    return _PIECES.findall(compared_spelling(text).casefold()) if text else []


def _words(text: str) -> Iterator[str]:
    for piece in _pieces(text):
        if _is_han(piece):
            yield from (piece[at : at + 2] for at in range(len(piece)))
        else:
            yield piece[:WORD_MAX]


def _is_han(piece: str) -> bool:
    return _IS_HAN.match(piece) is not None


def asked_words(text: str) -> list[Document]:
    """A filter of ``words`` for each word of a search. Words of letters are found by their beginnings, and so is a
    single character of Chinese; numbers as a whole. Raises ``Refusal`` 422 where there is no word in it."""
    found: dict[str, Document] = {}
    for piece in _pieces(text):
        if _is_han(piece) and len(piece) > 1:
            found |= {pair: {"words": pair} for pair in (piece[at : at + 2] for at in range(len(piece) - 1))}
        elif piece.isdigit() or len(piece) >= _ID_LENGTH:
            found[piece] = {"words": piece[:WORD_MAX]}
        else:
            found[piece] = {"words": {"$regex": f"^{re.escape(piece)}"}}
    if not found:
        raise invalid(FieldError("?text", "has neither a letter nor a digit"))
    return list(found.values())[:ASKED_MAX]


def is_exact(word: Document) -> bool:
    """Whether it is found as one entry of the index, whose cases lie there by time."""
    return isinstance(word["words"], str)
