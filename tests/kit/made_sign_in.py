"""What the router answers where officers sign in: sessions, PINs, invitations, the organisation's sign-in."""

from datetime import datetime, timedelta
from typing import Any

import httpx

OFFER = {
    "city": "harbour",
    "person": "qs-desk",
    "name": "Desk <one>",
    "unit_name": "Quayside",
}
SECRET = "JBSWY3DPEHPK3PXP"
ACCEPTED = {
    "city": "harbour",
    "person": "qs-desk",
    "totp_uri": f"otpauth://totp/Whistle:harbour%2Fqs-desk?secret={SECRET}&issuer=Whistle",
}
COMPUTER = "whk_computer_" + "c" * 64
SSO = {
    "asked": "whk_sso_" + "d" * 64,
    "state": "0123456789abcdef" * 2,
    "url": "https://idp.example/auth?client_id=whistle&state=" + "0123456789abcdef" * 2,
}
"""What beginning to sign in at the organisation answers."""

PEOPLE_HERE = [
    {"city": "harbour", "person": "qs-desk", "name": "张三", "name_en": "Zhang San", "unit_name": "交通路社区"},
    {"city": "harbour", "person": "qs-walk", "name": "李四", "name_en": "Li Si", "unit_name": "交通路社区"},
]
"""Whose PINs are taken at the computer."""
PEOPLE_OF_PACKS = [{**one, "role": "duty_officer", "offices": []} for one in PEOPLE_HERE]
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0 Safari/537.36"


def answers(now: datetime, *, demonstration: bool) -> dict[str, Any]:
    """By method and path: what a test may change."""
    return {
        "GET /v1/sign-in": {"demonstration": demonstration, "sso": False},
        "GET /v1/sign-in/sso": {"url": "https://idp.example/end?client_id=whistle"},
        "POST /v1/sessions:here": {"locks_after": 1800},
        "POST /v1/sessions:people-here": {"items": PEOPLE_HERE},
        "GET /v1/sessions": {"items": _own_sessions(now)},
        "GET /v1/dev/people": {"items": PEOPLE_OF_PACKS},
    }


def opened(asked: str, session: str, *, demonstration: bool) -> httpx.Response | None:
    """To a call that opens ``session`` or leads to one; None for what is not about that."""
    if asked in ("POST /v1/sessions", "POST /v1/sessions:pin", "POST /v1/sessions:sso", "POST /v1/dev/sessions"):
        return httpx.Response(201, json={"token": session, "city": "harbour", "computer": COMPUTER})
    if asked == "POST /v1/sign-in/sso":
        return httpx.Response(201, json=SSO)
    if asked in ("POST /v1/sessions:set-pin", "POST /v1/sessions:set-password"):
        return httpx.Response(204)
    if asked.endswith(":accept"):
        return httpx.Response(200, json=ACCEPTED)
    if asked.startswith("GET /v1/invitations/"):
        return httpx.Response(200, json={**OFFER, "demonstration": demonstration})
    return None


def _own_sessions(now: datetime) -> list[dict[str, Any]]:
    """The one that asks, and two older ones elsewhere."""
    return [
        {
            "id": id_,
            "device": device,
            "opened_at": (now - timedelta(hours=hours)).isoformat(),
            "seen_at": (now - timedelta(minutes=hours)).isoformat(),
            "current": hours == 1,
            "by": by,
        }
        for id_, device, hours, by in (
            ("0123456789abcdef", WINDOWS, 1, "password"),
            ("fedcba9876543210", "Mozilla/5.0 (Linux; Android 10) AppleWebKit MicroMessenger/8.0", 20, "pin"),
            ("00112233445566aa", "x" * 200, 50, "link"),
        )
    ]
