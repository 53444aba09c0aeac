"""Normalizes addresses for comparing: 号楼, 栋, 座 and # become 幢, "block 2" 2幢, 一百零二号楼 and １０２栋 102幢.

Lists and ranges name each one: 2、3号楼 is 2幢3幢, 1-3号楼 is 1幢2幢3幢. 11-9-302 is 11幢9单元302.
"""

import re

from shared.city.words.phrases import LONGEST_TEXT, plain
from shared.kernel.numerals import NUMERAL, in_digits

MOST_OF_A_RANGE = 30
"""Of a longer range only the two ends are named."""
_ROMAN = {code: str(code - first + 1) for first in (0x2160, 0x2170) for code in range(first, first + 12)}
"""Ⅱ期 and ⅱ期 are 2期; letters would be no number."""
_ROMAN_LETTERS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
_ROMAN_PHASE = re.compile("(?<![0-9a-z])([iv]{1,4})(?=期)")
_DASHES = re.compile("[\u2010-\u2015\u2212\u30fc]")
_STEMS = "甲乙丙丁戊"
_N = rf"(?>0*[1-9][0-9]{{0,7}}[a-z{_STEMS}]?|[a-z](?:-?[0-9]{{1,7}})?|[{_STEMS}](?:-?[0-9]{{1,4}})?)"
_TO = ("-", "~", "至", "到")
_AND = " ?(?:[-~至到、,和及与跟/]) ?"
_JOINS = re.compile("[-~至到、,和及与跟/]")
_ENGLISH = re.compile(rf"\b(?:building|bldg|block|tower)s?\.? ?(?:no\.? ?)?#?({_N})(?![0-9a-z])")
_BUILDING = re.compile(rf"(?<![0-9a-z{NUMERAL}])({_N}(?:{_AND}{_N}){{0,9}}) ?(?:号楼|#楼?|栋|幢|座)")
_BUILDINGS_TO = re.compile(r"(?<![0-9a-z])([0-9]{1,8})幢(?:-|~|至|到)([0-9]{1,8})幢")
_BUILDING_AND_ENTRANCE = re.compile(r"(?<![0-9a-z幢-])([1-9][0-9]{0,2})-([1-9][0-9]?)(?=单元)")
_DASHED = re.compile(r"(?<=幢)-(?=[0-9]{1,2}单元)|(?<=单元)-(?=[0-9])")
_SERIES = re.compile(rf"(?<![0-9a-z{NUMERAL}])([0-9]{{1,4}}(?:{_AND}[0-9]{{1,4}}){{1,9}}) ?(单元|楼|层|室)")
_EACH = re.compile(rf"({_N}|[0-9]+)({_AND})?")
_SHORT = re.compile(
    r"(?<![0-9a-z-])([1-9][0-9]{0,2})-([1-9][0-9]?)-([1-9][0-9]{2,3})(?![0-9a-z-])(?<!-20[0-9]{2})(?<!-19[0-9]{2})"
)
_SHORT_HERE = re.compile(
    r"([1-9][0-9]{0,2})-(?:([1-9][0-9]?)(?![0-9])(?:-([1-9][0-9]{2,3}))?|([1-9][0-9]{2,3}))"
    r"(?![0-9a-z-]|[点天个米月日年分人块元楼层栋幢座辆处号%])"
)
_BLANK = re.compile(r"(?<![a-z0-9]) | (?![a-z0-9])")
NUMBER = re.compile(
    rf"(?<![0-9a-z{NUMERAL}{_STEMS}])([1-9][0-9]{{0,7}}[a-z{_STEMS}]?|[a-z][0-9]{{0,7}}|[{_STEMS}][0-9]{{0,4}})幢"
)
"""A building's number in normalized text."""


def normal(text: str) -> str:
    """``text`` in the form in which names and addresses are compared."""
    text = in_digits(_DASHES.sub("-", plain(text.translate(_ROMAN))))
    text = _ROMAN_PHASE.sub(lambda match: _ROMAN_LETTERS.get(match[1], match[1]), text)
    text = _ENGLISH.sub(lambda match: f"{match[1].replace('-', '')}幢", text)
    text = _BUILDING.sub(lambda match: _named(match[1], "幢"), text)
    if _JOINS.search(text):
        text = _BUILDINGS_TO.sub(lambda match: _named(f"{match[1]}-{match[2]}", "幢"), text)
        text = _DASHED.sub("", _BUILDING_AND_ENTRANCE.sub(r"\1幢\2", text))
        text = _SERIES.sub(lambda match: _named(match[1], match[2]), text)
        text = _SHORT.sub(r"\1幢\2单元\3", text)
    return _BLANK.sub("", text)[: 2 * LONGEST_TEXT]


def compact(text: str) -> str:
    """``text`` that follows an estate's name: 11-9 is building 11, entrance 9; 11-302 is building 11, room 302."""
    match = _SHORT_HERE.match(text)
    if match is None:
        return text
    entrance = f"{match[2]}单元" if match[2] else ""
    return f"{match[1]}幢{entrance}{match[3] or match[4] or ''}{text[match.end() :]}"


def _named(series: str, unit: str) -> str:
    """Each number of a list or range with its unit; 11-9 (no range) is building 11, entrance 9."""
    parts = [(one[1].replace("-", ""), (one[2] or "").strip()) for one in _EACH.finditer(series)]
    numbers: list[str] = []
    before = ""
    for number, joint in parts:
        number = number.lstrip("0") or number
        last = numbers[-1] if numbers else ""
        if before in _TO and last.isdecimal() and number.isdecimal():
            if int(last) >= int(number) and unit == "幢":
                return f"{last}幢{number}单元"
            if int(number) - int(last) <= MOST_OF_A_RANGE:
                numbers += map(str, range(int(last) + 1, int(number)))
        numbers.append(number)
        before = joint
    return "".join(f"{number}{unit}" for number in dict.fromkeys(numbers))
