"""Personal data in words: what is taken out before words are stored, logged or sent.

Numbers are looked for in a copy of the words, as long as they are, that shows only digits (0–9), an x, a plus, whatever
may stand between the digits of one number (-), and anything else (space). Every pattern is of bounded length and can be
read in one way only, so that the time is linear in the text.
"""

import re
import unicodedata
from collections.abc import Callable

_S = "-{0,4}"
_GROUPED = rf"1[3-9]\d(?:{_S}\d){{8}}"
_PHONE = re.compile(
    rf"(?<!\d)(?:(?:-?\+-?)?(?:00-?)?86{_S}|0)?"
    rf"(?:{_GROUPED}|1[3-9]-\d{{9}}|1[3-9]-\d{{4}}-\d{{5}}|1[3-9](?:-\d\d){{4}}-\d|1-[3-9]\d{{9}}|1-[3-9]\d\d-\d{{3}}-\d{{4}}"
    rf"|1-{{1,4}}[3-9](?:-{{1,4}}\d){{9}})(?!\d)"
)
"""Mobile numbers: 11 digits, 13 to 19 at the front, grouped in any way from the third digit on or in a usual one."""
_ABROAD = rf"(?:-?\+-?)?(?:00-?)?86{_S}0?"
_AREA = r"(?:10|2\d|[3-9]\d\d)"
_LANDLINE = re.compile(rf"(?<!\d)(?:{_ABROAD}|-?0){_AREA}(?:-{{1,4}}[1-9]|[2-8])(?:\d{{2,3}}{_S}\d{{4}}|\d{{6}})(?!\d)")
_IDENTITY = re.compile(rf"(?<!\d)[1-9](?:{_S}\d){{16}}{_S}[\dx](?![\dx])")
_CARD = re.compile(r"(?<!\d)[2-6]\d{3}(?:-?\d{4}){3}(?:-?\d{1,3})?(?!\d)")
_SPOKEN_PHONE = re.compile(r"(?<!\d)1(?:-?[3-9])(?:-?\d){9}")
"""In characters, 一三八…; what follows may be a word such as 一直."""

_RINGED = range(0x2460, 0x2794)
"""①, ⑴, ❶; a raised ² is a mark beside a number, and none of its digits."""
_DIGITS = {
    chr(c): str(unicodedata.digit(chr(c)))
    for c in range(0x10000)
    if chr(c).isdecimal() or (c in _RINGED and chr(c).isdigit())
} | {chr(0x1D7CE + i): str(i % 10) for i in range(50)}
_BETWEEN = dict.fromkeys("\t.·•‧・_/()（）．～~−\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e", "-") | {
    chr(c): "-" for c in range(0x10000) if unicodedata.category(chr(c)) in ("Zs", "Pd", "Cf")
}
_SPOKEN = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {
    c: str(i) for i, c in enumerate("〇壹贰叁肆伍陆柒捌玖")
} | {"○": "0", "幺": "1", "两": "2", "貳": "2", "參": "3", "陸": "6", "兩": "2"}  # fmt: skip


class _Skeleton(dict[int, str]):
    """A table for ``str.translate``; every character it does not know is a blank."""

    def __missing__(self, _: int) -> str:
        return " "


_SHOWN = _DIGITS | _BETWEEN | dict.fromkeys("xX×Ｘｘ", "x") | dict.fromkeys("+＋", "+")
_WRITTEN = _Skeleton({ord(c): shown for c, shown in _SHOWN.items()})
_READ_OUT = _Skeleton({ord(c): shown for c, shown in (_SHOWN | _SPOKEN).items()})
_DIGIT = re.compile("[" + "".join((*_DIGITS, *_SPOKEN)) + "]")
_READ_OUT_DIGIT = re.compile("[" + "".join(_SPOKEN) + "]")
MOBILE_DIGITS = 11
_FEWEST = 10
"""Digits of the shortest number, area code and all."""

_THING = r"(?:灯|线|电)?杆|桩|路灯|街灯|井盖|井|箱|柜|设备|设施|资产|部件|消防栓|消火栓|电表|水表|摄像头"
_NUMBER_OF_A_THING = re.compile(
    rf"(?:(?:{_THING})上?的?(?:资产|设备)?(?:编号|编码|号码|号)|编号|编码|杆|桩)(?:[是为:：#\s]|no\.?)*(?:[a-z0-9]{{1,12}}-?){{0,2}}$"
    r"|\b(?:pole|post|lamp|lamppost|asset|hydrant|berth)(?: ?(?:id|no\.?|number|#|:|is))* ?$",
    re.IGNORECASE,
)
_OF_A_THING = re.compile(rf"\s?(?:号|#)的?(?:{_THING})")
_CONTEXT = 24
"""So many characters before a number say whether it is that of a lamp-post."""


def without_personal_numbers(text: str) -> str:
    """``text`` without telephone, identity (GB 11643) and bank card numbers, however their digits are spelt or grouped.

    The number of a thing (灯杆编号13812345678, pole 13812345678) stays.
    """
    if len(_DIGIT.findall(text)) < _FEWEST:
        return text
    shown = text.translate(_WRITTEN)
    for pattern, instead, is_one in _KINDS:
        text, shown = _without(text, shown, pattern, instead, is_one)
    if len(_READ_OUT_DIGIT.findall(text)) >= MOBILE_DIGITS:
        text, _ = _without(text, text.translate(_READ_OUT), _SPOKEN_PHONE, "[电话]", _always)
    return text


def _without(
    text: str, shown: str, pattern: re.Pattern[str], instead: str, is_one: Callable[[str], bool]
) -> tuple[str, str]:
    """``text`` and the copy of it that shows its digits, both with ``instead`` where ``pattern`` is in the copy."""
    kept, at = [], 0
    for match in pattern.finditer(shown):
        start, end = match.span()
        if is_one(match[0]) and not _is_of_a_thing(text, start, end):
            kept += [text[at:start], instead]
            at = end
    if not kept:
        return text, shown
    text = "".join([*kept, text[at:]])
    return text, text.translate(_WRITTEN)


def _is_of_a_thing(text: str, start: int, end: int) -> bool:
    return bool(
        _NUMBER_OF_A_THING.search(text[max(0, start - _CONTEXT) : start])
        or _OF_A_THING.match(text[end : end + _CONTEXT])
    )


def _is_identity(shown: str) -> bool:
    """18 characters in a row, or grouped and with a day of birth in them."""
    digits = shown.replace("-", "")
    born = digits[6:10], digits[10:12], digits[12:14]
    return digits == shown or ("1900" <= born[0] < "2100" and "01" <= born[1] <= "12" and "01" <= born[2] <= "31")


def _is_card(shown: str) -> bool:
    """Its last digit is the check digit of ISO/IEC 7812 (Luhn)."""
    digits = [int(c) for c in reversed(shown.replace("-", ""))]
    return sum(digits[::2] + [sum(divmod(2 * d, 10)) for d in digits[1::2]]) % 10 == 0


def _always(_: str) -> bool:
    return True


_KINDS: tuple[tuple[re.Pattern[str], str, Callable[[str], bool]], ...] = (
    (_IDENTITY, "[证件号]", _is_identity),
    (_CARD, "[卡号]", _is_card),
    (_PHONE, "[电话]", _always),
    (_LANDLINE, "[电话]", _always),
)


def masked_phone(phone: str) -> str:
    """``138****1234``."""
    digits = "".join(c for c in phone if c.isdigit())
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 7 else "****"


def masked_name(name: str) -> str:
    """``张*``: the first character alone."""
    return f"{name.strip()[:1]}*"
