"""Personal data in words: what is taken out before words are stored, logged or sent."""

import re

_PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?![\dXx])")


def without_personal_numbers(text: str) -> str:
    """``text`` without mobile numbers (11 digits from 13 to 19) and identity numbers (18 characters, GB 11643)."""
    return _PHONE.sub("[电话]", _IDENTITY.sub("[证件号]", text))


def masked_phone(phone: str) -> str:
    """``138****1234``."""
    digits = "".join(c for c in phone if c.isdigit())
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 7 else "****"


def masked_name(name: str) -> str:
    """``张*``: the first character alone."""
    return f"{name.strip()[:1]}*"
