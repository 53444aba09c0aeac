"""One spelling of what people type, so that words that look the same are the same: what is stored, what is compared.

``stored`` is what everybody is shown later, so that it changes nothing that can be seen but the width of letters and
digits. ``bare`` is for comparing alone and takes out more.
"""

import re
import unicodedata

_ORDINARY = re.compile(
    "[\\x20-\\x7e\\t\\n\\r\u3001\u3002\u2018-\u201d\u2026\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\u4e00-\u9fff]*"
)
"""What most reports are written in; there is nothing to do."""
_NEVER_SEEN = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0001]"
)
_PLAIN = "\0-\u024f\u1e00-\u1eff\u2000-\u206f\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
"""Latin, Chinese, kana and punctuation: joiners and marks of direction do nothing between two of these."""
_JOINERS = re.compile(f"(?<![^{_PLAIN}])[\u200c\u200d]|[\u200c\u200d](?![^{_PLAIN}])")
_DIRECTIONS = re.compile(f"(?<![^{_PLAIN}])[\u200e\u200f](?![^{_PLAIN}])")
_VARIANTS = re.compile(f"(?<![^{_PLAIN}])[\ufe00-\ufe0f]+(?!\u20e3)")
_TAGS = re.compile("[\U000e0020-\U000e007f]")
_BLACK_FLAG = "\U0001f3f4"
"""Flags of regions are spelt with tags after it."""
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e01ef]"
)
_FOLDED = re.compile(
    "[^\u00a8\u00aa\u00af\u00b2-\u00b4\u00b8-\u00ba\u00bc-\u00be\u02d8-\u02dd\u037a\u0384\u0385\u1fbd-\u1ffe"
    "\u2017\u2026\u203e\u2070-\u209c\u2150-\u215f\u2189\u2460-\u24ff\u3200-\u33ff\ufdf0-\ufdff"
    "\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\uff5e]+"
)
"""All but what NFKC would change before everybody's eyes: 10², ½, ①, ㎡, and the marks that Chinese is written with."""


def stored(text: str) -> str:
    """``text`` without what nobody sees, composed, letters and digits of one width. Idempotent.

    Joiners stay between letters of scripts and pictures that need them, marks of direction beside right-to-left words.
    """
    if _ORDINARY.fullmatch(text):
        return text
    text = _NEVER_SEEN.sub("", text)
    text = _VARIANTS.sub("", _DIRECTIONS.sub("", _JOINERS.sub("", text)))
    if _BLACK_FLAG not in text:
        text = _TAGS.sub("", text)
    return unicodedata.normalize("NFC", _FOLDED.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text))


def bare(text: str) -> str:
    """``text`` as it is compared: NFKC, without anything that nobody sees."""
    return text if text.isascii() else unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
