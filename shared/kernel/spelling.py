"""Unicode normalization of what people type, so that texts that look the same are equal.

``stored_spelling`` is stored and shown later; it changes nothing visible but the width of letters and digits.
``compared_spelling`` is only for comparing and removes more.
"""

import re
import unicodedata

_ORDINARY = re.compile(
    "[\\x20-\\x7e\\t\\n\\r\u3001\u3002\u2018-\u201d\u2026\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\u4e00-\u9fff]*"
)
"""The characters of most reports; such a text needs no normalization."""
_NEVER_SEEN = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0001]"
)
_PLAIN = "\0-\u024f\u1e00-\u1eff\u2000-\u206f\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
"""Latin, Chinese, kana and punctuation: joiners and direction marks have no effect between two of these."""
_JOINERS = re.compile(f"(?<![^{_PLAIN}])[\u200c\u200d]|[\u200c\u200d](?![^{_PLAIN}])")
_DIRECTIONS = re.compile(f"(?<![^{_PLAIN}])[\u200e\u200f](?![^{_PLAIN}])")
_VARIANTS = re.compile(f"(?<![^{_PLAIN}])[\ufe00-\ufe0f]+(?!\u20e3)")
_TAGS = re.compile("[\U000e0020-\U000e007f]")
_BLACK_FLAG = "\U0001f3f4"
"""Flags of regions are written as this character followed by tag characters."""
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e01ef]"
)
_TURNING = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\u061c\u202a-\u202e\u2066-\u2069]")
"""Control characters, and marks that embed or override a direction until the paragraph ends."""
_FOLDED = re.compile(
    "[^\u00a8\u00aa\u00af\u00b2-\u00b4\u00b8-\u00ba\u00bc-\u00be\u02d8-\u02dd\u037a\u0384\u0385\u1fbd-\u1ffe"
    "\u2017\u2026\u203e\u2070-\u209c\u2150-\u215f\u2189\u2460-\u24ff\u3200-\u33ff\ufdf0-\ufdff"
    "\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\uff5e]+"
)
"""Runs to which NFKC may be applied: all but characters that it would change visibly (10², ½, ①, ㎡) and Chinese
punctuation."""

MARKS_MAX = 30
"""Most combining marks in a row. Normalization sorts them in time that grows with the square of their number."""
_MAY_BE_PILED = re.compile(
    "[^\0-\u024f\u1e00-\u1eff\u2000-\u206f\u3000-\u3029\u3030-\u3098\u309b-\u30ff\u3400-\u9fff\uf900-\ufaff"
    f"\uff00-\uff9d\uffa0-\uffef]{{{MARKS_MAX + 1},}}"
)
"""A cheap test for texts that may have more marks in a row; Latin, Chinese and kana have none."""
_HALF_WIDTH_MARKS = "\uff9e\uff9f"
"""The only letters that NFKC turns into combining marks."""


def stored_spelling(text: str) -> str:
    """``text`` without invisible characters, in NFC, with letters and digits of one width. Idempotent.

    Joiners stay where a script or an emoji needs them, direction marks beside right-to-left words.
    """
    if _ORDINARY.fullmatch(text):
        return text
    text = _NEVER_SEEN.sub("", text)
    text = _VARIANTS.sub("", _DIRECTIONS.sub("", _JOINERS.sub("", text)))
    if _BLACK_FLAG not in text:
        text = _TAGS.sub("", text)
    folded = _FOLDED.sub(lambda run: unicodedata.normalize("NFKC", run[0]), without_piles(text))
    return without_piles(unicodedata.normalize("NFC", folded))


def compared_spelling(text: str) -> str:
    """``text`` for comparing: NFKC without any invisible characters."""
    if text.isascii():
        return text
    return without_piles(unicodedata.normalize("NFKC", without_piles(_UNSEEN.sub("", text))))


def as_read(text: str) -> str:
    """``text`` as it reads inside a sentence of ours: in the stored spelling, without what would turn round the words
    that follow, and without control characters but line ends."""
    return _TURNING.sub("", stored_spelling(text))


def without_piles(text: str) -> str:
    """``text`` with at most ``MARKS_MAX`` combining marks in a row; linear. Called before and after normalizing, which
    can turn one mark into two."""
    return _MAY_BE_PILED.sub(_cut, text)


def _cut(found: re.Match[str]) -> str:
    kept, marks = [], 0
    for character in found[0]:
        marks = marks + 1 if is_mark(character) else 0
        if marks <= MARKS_MAX:
            kept.append(character)
    return "".join(kept)


def is_mark(character: str) -> bool:
    """Whether a character is a combining mark, or becomes one in NFKC."""
    return (
        unicodedata.combining(character) > 0
        or unicodedata.category(character) == "Mn"
        or character in _HALF_WIDTH_MARKS
    )
