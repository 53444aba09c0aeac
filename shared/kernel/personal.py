"""Removes personal numbers (telephone, identity, bank card) from free text before it is stored, logged or sent.

Patterns are matched on a copy of equal length in which digits of all scripts are 0–9, characters that may separate the
digits of one number are -, those that may separate its usual groups are ;, x and + stay, and everything else is a
space. Every pattern has a bounded length and no ambiguity, so that the time is linear in the text.
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
"""Chinese mobile numbers: 11 digits that begin with 13 to 19; grouped in any way after the third digit, or in one of
the usual ways before it."""
_GROUPS = "[;-]{1,12}"
_IN_GROUPS = re.compile(rf"(?<!\d)1[3-9]\d{_GROUPS}\d{{4}}{_GROUPS}\d{{4}}(?!\d)")
"""138，1234，5678: in its usual groups, whatever separates them."""
_INTERNATIONAL = re.compile(rf"(?<!\d)\+-{{0,2}}[1-9](?:{_S}\d){{7,13}}(?!\d)")
"""+31 6 12345678."""
_ABROAD = rf"(?:-?\+-?)?(?:00-?)?86{_S}0?"
_AREA = r"(?:10|2\d|[3-9]\d\d)"
_LANDLINE = re.compile(rf"(?<!\d)(?:{_ABROAD}|-?0){_AREA}(?:-{{1,4}}[1-9]|[2-8])(?:\d{{2,3}}{_S}\d{{4}}|\d{{6}})(?!\d)")
_IDENTITY = re.compile(rf"(?<!\d)[1-9](?:{_S}\d){{16}}{_S}[\dx](?![\dx])")
_IDENTITY_IN_GROUPS = re.compile(rf"(?<!\d)[1-9]\d{{5}}{_GROUPS}\d{{8}}{_GROUPS}\d{{3}}[\dx](?![\dx])")
_SPOKEN_IDENTITY = re.compile(r"(?<!\d)[1-9](?:-?\d){16}-?[\dx](?![\dx])")
_CARD = re.compile(r"(?<!\d)[2-6]\d{3}(?:-?\d{4}){3}(?:-?\d{1,3})?(?!\d)")
_SPOKEN_PHONE = re.compile(r"(?<!\d)1(?:-?[3-9])(?:-?\d){9}")
"""A mobile number written in Chinese characters, 一三八…, or with some of them; more may follow, as in 一直."""

_RINGED = range(0x2460, 0x2794)
"""①, ⑴, ❶ count as digits; a raised ² does not."""
_DIGITS = {
    chr(c): str(unicodedata.digit(chr(c)))
    for c in range(0x10000)
    if chr(c).isdecimal() or (c in _RINGED and chr(c).isdigit())
} | {chr(0x1D7CE + i): str(i % 10) for i in range(50)}
_BETWEEN = dict.fromkeys("\t.·•‧・_/()（）．～~−\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e", "-") | {
    chr(c): "-" for c in range(0x10000) if unicodedata.category(chr(c)) in ("Zs", "Pd", "Cf", "Mn", "Me")
}
"""Marks too, as on 1\ufe0f\u20e3 and 1\u0332: a digit with a frame or a line is a digit."""
_BETWEEN_GROUPS = dict.fromkeys(",，、:：;；*＊'‘’\"“”…|｜#＃=＝➖\n\r", ";")
_SPOKEN = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {
    c: str(i) for i, c in enumerate("〇壹贰叁肆伍陆柒捌玖")
} | {"○": "0", "幺": "1", "两": "2", "貳": "2", "參": "3", "陸": "6", "兩": "2"}  # fmt: skip


class _Skeleton(dict[int, str]):
    """A table for ``str.translate`` that maps unknown characters to a space."""

    def __missing__(self, _: int) -> str:
        return " "


_SHOWN = _DIGITS | _BETWEEN | _BETWEEN_GROUPS | dict.fromkeys("xX×Ｘｘ", "x") | dict.fromkeys("+＋", "+")
_WRITTEN = _Skeleton({ord(c): shown for c, shown in _SHOWN.items()})
_READ_OUT = _Skeleton({ord(c): shown for c, shown in (_SHOWN | _SPOKEN).items()})
_DIGIT = re.compile("[" + "".join((*_DIGITS, *_SPOKEN)) + "]")
_READ_OUT_DIGIT = re.compile("[" + "".join(_SPOKEN) + "]")
_READ_OUT_FEWEST = 3
_FEWEST = 10
"""Digits of the shortest number, with its area code."""

_THING = r"(?:灯|线|电)?杆|桩|路灯|街灯|井盖|井|箱|柜|设备|设施|资产|部件|消防栓|消火栓|电表|水表|摄像头"
_NUMBER_OF_A_THING = re.compile(
    rf"(?:(?:{_THING})上?的?(?:资产|设备)?(?:编号|编码|号码|号)|编号|编码|杆|桩)(?:[是为:：#\s]|no\.?)*(?:[a-z0-9]{{1,12}}-?){{0,2}}$"
    r"|\b(?:pole|post|lamp|lamppost|asset|hydrant|berth)(?: ?(?:id|no\.?|number|#|:|is))* ?$",
    re.IGNORECASE,
)
_OF_A_THING = re.compile(rf"\s?(?:号|#)的?(?:{_THING})")
_CONTEXT = 24
"""So many characters before and after a number are checked for words such as lamp-post, whose numbers stay."""


def without_personal_numbers(text: str) -> str:
    """``text`` with telephone, identity (GB 11643) and bank card numbers replaced by [电话], [证件号] and [卡号].

    Digits may be of any script and grouping. Numbers of things (灯杆编号13812345678, pole 13812345678) stay.
    """
    if len(_DIGIT.findall(text)) < _FEWEST:
        return text
    shown = text.translate(_WRITTEN)
    for pattern, instead, is_one in _KINDS:
        text, shown = _without(text, shown, pattern, instead, is_one)
    if _READ_OUT_DIGIT.search(text):
        text, _ = _without(text, text.translate(_READ_OUT), _SPOKEN_IDENTITY, "[证件号]", _is_identity_read_out)
        text, _ = _without(text, text.translate(_READ_OUT), _SPOKEN_PHONE, "[电话]", _is_read_out)
    return text


def _without(
    text: str, shown: str, pattern: re.Pattern[str], instead: str, is_one: Callable[[str, str], bool]
) -> tuple[str, str]:
    """``text`` and ``shown`` (its copy for matching) with ``instead`` for each match of ``pattern`` in ``shown``."""
    kept, at = [], 0
    for match in pattern.finditer(shown):
        start, end = match.span()
        if is_one(match[0], text[start:end]) and not _is_of_a_thing(text, start, end):
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


def _is_identity(shown: str, _: str) -> bool:
    """Whether 18 digits are an identity number: written without gaps, or with a plausible date of birth."""
    digits = shown.replace("-", "").replace(";", "")
    born = digits[6:10], digits[10:12], digits[12:14]
    return digits == shown or ("1900" <= born[0] < "2100" and "01" <= born[1] <= "12" and "01" <= born[2] <= "31")


def _is_card(shown: str, _: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812 (Luhn)."""
    digits = [int(c) for c in reversed(shown.replace("-", ""))]
    return sum(digits[::2] + [sum(divmod(2 * d, 10)) for d in digits[1::2]]) % 10 == 0


def _is_read_out(_: str, said: str) -> bool:
    """Whether it has at least three characters for digits: of digits alone, what is no number above is none here."""
    return len(_READ_OUT_DIGIT.findall(said)) >= _READ_OUT_FEWEST


def _is_identity_read_out(shown: str, said: str) -> bool:
    digits = shown.replace("-", "")
    return _is_read_out(shown, said) and _is_identity(f"{digits[:6]}-{digits[6:]}", said)


def _is_no_decimal(_: str, said: str) -> bool:
    """Whether it has no decimal point: +1.25 1.30 1.40 are levels."""
    return "." not in said


def _always(_shown: str, _said: str) -> bool:
    return True


_KINDS: tuple[tuple[re.Pattern[str], str, Callable[[str, str], bool]], ...] = (
    (_IDENTITY, "[证件号]", _is_identity),
    (_IDENTITY_IN_GROUPS, "[证件号]", _is_identity),
    (_CARD, "[卡号]", _is_card),
    (_PHONE, "[电话]", _always),
    (_IN_GROUPS, "[电话]", _always),
    (_INTERNATIONAL, "[电话]", _is_no_decimal),
    (_LANDLINE, "[电话]", _always),
)


def masked_phone(phone: str) -> str:
    """The phone number with its middle hidden: ``138****1234``."""
    digits = "".join(c for c in phone if c.isdigit())
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 7 else "****"


def masked_name(name: str) -> str:
    """The first character of the name and an asterisk: ``张*``."""
    return f"{name.strip()[:1]}*"
