"""Converts traditional characters to simplified ones for comparing: 建華園12號樓 equals 建华园12号楼.

The table is built from OpenCC, character by character. So a text keeps its length, and a character with two simplified
forms (乾) is converted in the same way on both sides of a comparison.
"""

from functools import cache

import opencc  # type: ignore[import-untyped, unused-ignore]

_CHARACTERS = "".join(map(chr, (*range(0x3400, 0xA000), *range(0xF900, 0xFAF0))))
_TABLES = ("t2s", "hk2s")
"""OpenCC's conversions: general, then characters that only Hong Kong uses (衞, 枱)."""


@cache
def _table() -> dict[int, str]:
    table: dict[int, str] = {}
    for name in _TABLES:
        simple = str(opencc.OpenCC(name).convert("\n".join(_CHARACTERS))).split("\n")
        changed = ((c, s) for c, s in zip(_CHARACTERS, simple, strict=True) if s != c and len(s) == 1)
        table = {ord(c): s for c, s in changed} | table
    return table


@cache
def _traditional() -> frozenset[str]:
    return frozenset(map(chr, _table()))


def simplified(text: str) -> str:
    """``text`` with each traditional character made simplified."""
    if text.isascii() or _traditional().isdisjoint(text):
        return text
    return text.translate(_table())
