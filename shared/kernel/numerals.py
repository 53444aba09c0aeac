"""Chinese numerals in addresses: one grammar for 一百零二, 百二, 廿二, 拾贰, 一〇二 and 102.

``read`` converts a whole numeral and never a part of one. ``in_digits`` rewrites the numerals in a text that number
something (before 号, 栋, 楼, 单元, …), also in lists and ranges, and leaves all others unchanged.
"""

import re

LARGEST = 99_999_999
_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")} | {c: i for i, c in enumerate("〇壹贰叁肆伍陆柒捌玖")} | {
    "○": 0, "幺": 1, "两": 2, "貳": 2, "參": 3, "叄": 3, "弍": 2, "陸": 6, "兩": 2,
}  # fmt: skip
_ZERO = frozenset("零〇○0")
_SCALE = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_TENS = {"廿": 20, "卅": 30, "卌": 40}
_MYRIAD = frozenset("万萬")
NUMERAL = "".join(_DIGIT) + "".join(_SCALE) + "".join(_TENS) + "".join(_MYRIAD)
"""Every character of numerals other than 0–9, for regular expressions."""


def read(text: str) -> int | None:
    """The number that the whole of ``text`` is, 0 to ``LARGEST``; None when it is no numeral."""
    if text.isascii():
        return int(text) if text.isdigit() and len(text) <= 8 else None
    digits = [_digit(c) for c in text]
    if None not in digits:  # as read out: 一〇二
        return int("".join(map(str, digits))) if len(text) <= 8 else None
    high, myriad, low = _split(text)
    if not myriad:
        return _below_myriad(high)
    above = _below_myriad(high)
    below = _below_myriad(low.lstrip("零〇○0")) if low else 0
    if above is None or below is None or not above:
        return None
    if len(low) == 1 and low not in _SCALE and low not in _TENS:  # 一万二 is 12,000
        below *= 1000
    return above * 10_000 + below


def _digit(c: str) -> int | None:
    return int(c) if c in "0123456789" else _DIGIT.get(c)


def _split(text: str) -> tuple[str, str, str]:
    for myriad in _MYRIAD & set(text):
        return text.partition(myriad)
    return text, "", ""


def _below_myriad(text: str) -> int | None:
    """一千一百一十二, 百十二, 一百零二, 一百二 (120), 廿二. Scales go down; 零 only bridges what is left out."""
    total, last, digit, bridged = 0, 10_000, None, False
    for at, c in enumerate(text):
        if c in _SCALE or c in _TENS:
            scale = _SCALE.get(c, 10)
            if (
                scale >= last
                or (c in _TENS and digit is not None)
                or digit == 0
                or (bridged and digit is None and scale * 10 >= last)
            ):
                return None
            total += _TENS.get(c) or scale * (1 if digit is None else digit)
            last, digit, bridged = scale, None, False
        elif c in _ZERO:
            if bridged or digit is not None or not at or last == 1:
                return None
            bridged = True
        else:
            value = _digit(c)
            if value is None or digit is not None:
                return None
            digit = value
    if digit is None:
        return None if bridged or last == 10_000 else total
    omitted = last // 10 if not bridged and last >= 100 and last != 10_000 else 1  # 一百二 is 120
    return total + digit * omitted


_TOKEN = rf"[0-9{NUMERAL}]+"
_NUMBERED = "号|栋|幢|座|单元|楼|层|室|弄|期|区|院|门牌|出口|#|桩|杆"
"""What follows the number of a building, floor or room. 楼 and 层 also count: 两层, 几十层, 一层油."""
_SERIES = re.compile(
    rf"(?<![0-9a-z{NUMERAL}几数.])(?<![多来])({_TOKEN})((?: ?(?:[、,，和及与跟/~]|至|到|-|—|–) ?(?:{_TOKEN}))*)"
    rf" ?(?=(?:{_NUMBERED})(?!来))"
)
_AFTER = re.compile(rf"(?<=附)({_TOKEN})(?![0-9a-z{NUMERAL}几多])")
_ROOM = re.compile(rf"(?<=[幢栋座元楼层])([0-9{NUMERAL}]{{3,4}})(?=室|$|[^0-9a-z{NUMERAL}])")
_BELOW = re.compile(rf"(?:负|地下)({_TOKEN})(?=[楼层]|车库|停车)")
"""Floors below ground: 负一楼, 地下二层, 负二车库."""
_SAID_DIGITS = re.compile(
    rf"((?:杆|桩|编)(?:编?号|编码|码)[是为:]{{0,2}} ?)([{''.join(_DIGIT)}]{{2,8}})(?![0-9{NUMERAL}几多])"
)
"""The number of a thing, as read out: 灯杆号三二零一. Its zeros belong to it: 零零一二 is 0012."""
_GROUP = re.compile(rf"(?:(?<=[村居庄圩队])|(?<=[村居庄圩队民]第))({_TOKEN})(?=组)")
"""Groups of a village's households: 红旗村三组."""
_NO_NUMBER = re.compile(r"[同每这那另哪某任各唯统万专单下上整]$")
"""Characters before 一 that make it no number: 同一栋, 每一层, 统一楼."""


def in_digits(text: str) -> str:
    """``text`` (in the form of ``phrases.plain``) with the numerals that number something written in digits."""
    if "负" in text or "地下" in text:
        text = _BELOW.sub(_negative, text)
    if _CJK_NUMERAL.search(text) is None:
        return text
    text = _SAID_DIGITS.sub(lambda match: match[1] + "".join(str(_DIGIT[c]) for c in match[2]), text)
    text = _SERIES.sub(_series, text)
    text = _GROUP.sub(lambda match: _one(match[1]), text)
    text = _ROOM.sub(lambda match: _one(match[1]), text)
    return _AFTER.sub(lambda match: _one(match[1]), text)


_CJK_NUMERAL = re.compile(f"[{NUMERAL}]")
_EACH = re.compile(_TOKEN)


def _series(match: re.Match[str]) -> str:
    before = match.string[: match.start()][-1:]
    if match[1] in ("一", "两") and not match[2] and (match[1] == "两" or _NO_NUMBER.search(before)):
        return match[0]
    return _EACH.sub(lambda one: _one(one[0]), match[0])


def _one(token: str) -> str:
    number = read(token)
    return token if number is None or token.isascii() else str(number)


def _negative(match: re.Match[str]) -> str:
    number = read(match[1])
    return match[0] if number is None else f"-{number}"
