"""Features of a report's text that are compared: the numbers of places and things, each whole, and the words.

All are read from normal text (``shared.city.place.addresses``), where numerals that number something are in digits.
"""

import re

from shared.kernel.numerals import NUMERAL

_NOT_IN = rf"(?<![0-9a-z{NUMERAL}])"
"""A number is never matched from its middle: 2 is not found in 12."""
_N = r"([0-9]{1,8}[a-z]?|[a-z][0-9]{0,7}|[甲乙丙丁戊])"
_BUILDING = r"(?<![甲乙丙丁戊])([0-9]{1,8}[a-z甲乙丙丁戊]?|[a-z][0-9]{0,7}|[甲乙丙丁戊][0-9]{0,4})幢"
_TWO = r"([0-9]{1,2}|[a-z]|[甲乙丙丁戊])"
_PIECES = "[a-z0-9]{1,20}(?:[-_/.+][a-z0-9]{1,20}){0,4}"
_LETTERS = "(?:[a-z]{1,6} (?=[0-9]{2}))?"
_ASSET = f"({_LETTERS}(?=[a-z_/-]{{0,8}}[0-9]){_PIECES})"
"""SY00123, JM-0012, 320924-0001: an asset's number with all its pieces."""
_GROUP = "(?: [0-9]{2,8}(?![0-9a-z年月日点米个号幢楼层室]|单元))?"
_SAID_ASSET = rf"((?:[东南西北甲乙丙丁]-?)?{_LETTERS}(?=[a-z_/-]{{0,8}}[0-9]){_PIECES}{_GROUP})"
"""After 编号 also 东-12, and SY 001 23 in its groups."""
_LONG_ASSET = f"({_LETTERS}(?=[a-z_/-]{{1,8}}[0-9]|[0-9]{{4}}|[0-9]{{2,3}}-[0-9]{{3}})(?![0-9-]*[年月日点米]){_PIECES})"
"""What directly after a thing's name, without 编号, can only be its number."""
_POLE = "(?:(?:灯|电线|电|线)?杆|(?<!充电)桩)"
_LAMP = f"(?:{_POLE}|[路街]灯)"
_SUPPLY = "充电桩|箱变|变压器|(?:配|开关)?电箱|消防栓|消火栓|泵站|闸门?"
_THING = f"(?:电梯|扶梯|窨?井盖|机井|窨井|检查井|摄像头|垃圾桶|车棚|{_SUPPLY})"
"""What is numbered like lamps. A part of a building (3号楼电梯) has no number of its own."""
_NUMBERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("building", re.compile(rf"{_NOT_IN}{_BUILDING}")),
    ("phase", re.compile(rf"{_NOT_IN}{_TWO}期")),
    ("zone", re.compile(rf"{_NOT_IN}{_TWO}区|([东西南北])区")),
    ("group", re.compile(r"(?:(?<=[村居庄圩队])|(?<=[村居庄圩队民]第))([0-9]{1,3})组")),
    ("yard", re.compile(rf"{_NOT_IN}([0-9]{{1,4}})号?院")),
    ("lane", re.compile(rf"{_NOT_IN}([0-9]{{1,5}})弄")),
    ("entrance", re.compile(rf"{_NOT_IN}{_TWO}单元|\b(?:entrance|unit) ?([0-9]{{1,3}})")),
    ("gate", re.compile(rf"(?<![0-9a-z路街巷弄道])(?<![{NUMERAL}]){_N}号门|\bgate ?{_N}\b")),
    ("exit", re.compile(rf"{_NOT_IN}([0-9]{{1,2}})(?:号?出入?口|号口)|{_NOT_IN}([a-z])号?出?口")),
    ("floor", re.compile(
        rf"(?<![0-9a-z{NUMERAL}]-)(?<![0-9a-z{NUMERAL}])(-?[0-9]{{1,3}})(?:楼(?!高|的房|房)|层(?![油水灰土冰雪泥纸皮膜沙]|楼高|高|楼的|楼房))"
        r"|(?<![0-9a-z])(-?[0-9]{1,2})f(?![a-z0-9])"
        r"|\bfloor ?(-?[0-9]{1,3})\b|\b([0-9]{1,3})(?:st|nd|rd|th) floor\b"
    )),
    ("room", re.compile(
        r"(?<=[幢元楼层])([0-9]{3,4})(?![0-9])|(?<![0-9a-z])([0-9]{3,4}[a-z]?|[a-z][0-9]{2,4})(?:室|号?房(?![子屋产东价间]))"
        r"|\broom ?([0-9]{1,4})\b"
    )),
    ("house", re.compile(r"(?<=[路街巷弄道])([0-9]{1,5}[a-z甲乙丙丁戊]?|[0-9]{2,5}-[0-9]|[a-z][0-9]{0,4})号"
        r"|\b(?:number|no\.?|quay|street|road) ?([0-9]{1,4})\b")),
    ("annex", re.compile(r"附([0-9]{1,4})(?![0-9])")),
    ("pole", re.compile(
        rf"(?<![0-9a-z.{NUMERAL}-]){_ASSET}(?:号?的?{_POLE}|号的?[路街]灯)|(?<![0-9a-z.-])([a-z]{{1,6}}-?[0-9]{{1,12}})[路街]灯"
        rf"|(?:{_POLE}|编)(?:编?号|编码)[是为:： ]*(?:no\.?)?{_SAID_ASSET}"
        rf"|(?:{_LAMP}|井盖|箱变)[:：#]?{_LONG_ASSET}"
        rf"|{_LAMP}(?:#([0-9]{{1,12}})(?![0-9])|\(?([0-9]{{1,12}})号(?![门楼]))"
        rf"|{_POLE}([0-9]{{1,4}}[-/][0-9]{{1,4}})(?![0-9-]*[年月日点米])"
        r"|(?<![0-9a-z-])([a-z]{1,6}-[0-9]{3,12}|[a-z]{2,6}[0-9]{4,12}|[0-9]{5,12}-[0-9]{2,12}|k[0-9]{1,4}\+[0-9]{1,4})"
        r"(?![0-9a-z-])"
        rf"|\b(?:pole|post|lamp|lamppost|street ?light|lantern|berth)(?: ?#| no\.?)? ?((?=[a-z-]{{0,6}}[0-9]){_PIECES})"
        r"\b"
    )),
    ("thing", re.compile(
        rf"(?<![0-9a-z.{NUMERAL}-]){_ASSET}号的?{_THING}"
        rf"|{_THING}[:：#(]?(?:编?号|编码)?[是为:： ]*([a-z]{{1,4}}-?[0-9]{{1,12}}|[0-9]{{1,6}}(?=号(?![门楼])))"
        r"|\b(?:lift|elevator|hydrant|manhole|transformer)(?: ?#| no\.?)? ?([a-z]{0,2}[0-9]{1,6})\b"
    )),
)  # fmt: skip
_BELOW = re.compile(
    r"(?<![0-9a-z])(?:b|负|地下)([1-9])(?:层|楼|f(?![a-z0-9]))|(?<![0-9a-z])[b-]([1-4])(?=车库|停车|电梯|车位)"
    r"|(地下室|\bbasement\b)"
)
_GATES = re.compile(r"([东南西北])[大小]?门")
_FACES = re.compile(r"(正|大|前|后|侧)门")
"""Gates named by face. A main gate may be the east gate too, so these are not compared with directions."""
_SIDES = re.compile(r"([东南西北])(?:[侧边头面]|单元)|\b(north|south|east|west)\b")
_FRONT = {"正": "前", "大": "前"}
_LATIN = re.compile(r"[a-z]{3,}")
_CJK = re.compile(r"[一-鿿]+")
_EMPTY_WORDS = frozenset({"the", "and", "there", "here", "near", "with", "for"})


def numbers_in(text: str) -> tuple[tuple[str, str], ...]:
    """(kind, value) of each building, entrance, gate, floor, room, house, pole … that normal ``text`` names.

    Values have no leading zeros but those of assets, whose numbers are names. Floors under the ground are negative.
    """
    found = {
        (kind, _value(kind, next(group for group in match.groups() if group)))
        for kind, pattern in _NUMBERS
        for match in pattern.finditer(text)
    }
    found |= {("floor", f"-{match[1] or match[2] or 1}") for match in _BELOW.finditer(text)}
    found |= {("gate", match[1]) for match in _GATES.finditer(text)}
    found |= {("face", _FRONT.get(match[1], match[1])) for match in _FACES.finditer(text)}
    found |= {("side", match[1] or match[2]) for match in _SIDES.finditer(text)}
    return tuple(sorted(found))


def _value(kind: str, said: str) -> str:
    if kind == "pole":
        return re.sub(r"(?<=[a-z])[-_/. ](?=[0-9])", "", said)  # JM-0012 is JM0012, 12-3 is not 123
    sign, digits = ("-", said[1:]) if said.startswith("-") else ("", said)
    return sign + (digits.lstrip("0") or digits)


def words_in(text: str) -> tuple[str, ...]:
    """Pairs of Chinese characters, and Latin words."""
    pairs = {run[i : i + 2] for run in _CJK.findall(text) for i in range(len(run) - 1)}
    return tuple(sorted(pairs | (set(_LATIN.findall(text)) - _EMPTY_WORDS)))
