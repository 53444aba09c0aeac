"""Passwords: hashed with argon2id by ``pwdlib``, judged by ``zxcvbn``.

A hash costs some 50 ms of a processor and 64 MiB, so at most two are computed at once and some more may wait; whoever
comes then is asked to come again. They are computed in threads: argon2 lets go of the interpreter's lock. Text that
looks the same is the same password (Unicode's form NFKC), whichever keyboard it came from.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from pwdlib import PasswordHash
from zxcvbn import zxcvbn

from shared.kernel.errors import FieldError, invalid, unavailable

LONGEST = 128
SHORTEST = 10
SCORE_MIN = 3
"""zxcvbn's "safely unguessable: moderate protection from an offline attack", of 0 to 4."""
JUDGED = 32
"""First characters that are judged: for 72 signs that may stand for letters zxcvbn took five seconds, for 32 half a
second."""
NAME_MIN = 3
"""Shorter names are in many words by chance."""
AT_ONCE = 2
WAITING_MAX = 40
T = TypeVar("T")


class Passwords:
    """Hashes and compares."""

    def __init__(self) -> None:
        self._hash = PasswordHash.recommended()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        """The hash as it is stored. Raises ``Refusal`` 503 when too many are being computed."""
        return await self._in_turn(lambda: self._hash.hash(_as_seen(password)))

    async def matches(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Whether it is the password, and its hash by today's costs where the stored one is older.

        ``stored`` None (no such account) takes as long as a wrong password. Raises ``Refusal`` 503.
        """
        known = stored if stored is not None else _nobodys()
        fits, newer = await self._in_turn(lambda: self._hash.verify_and_update(_as_seen(password), known))
        return (fits, newer) if stored is not None else (False, None)

    async def check_strength(self, password: str, about: list[str]) -> None:
        """Raises ``Refusal`` 422 for a password that is short, long or easily guessed, and 503.

        ``about``: names that are guessed first.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise invalid(FieldError("/password", f"must have {SHORTEST} to {LONGEST} characters"))
        if await self._in_turn(lambda: _is_weak(_as_seen(password), about)):
            raise invalid(FieldError("/password", "is easily guessed; take a longer one, or several words"))

    async def _in_turn(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_MAX:
            raise unavailable("Too many sign in at this moment.", retry_after=3)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


@cache
def _nobodys() -> str:
    return PasswordHash.recommended().hash("nobody has this password")


def _is_weak(password: str, about: list[str]) -> bool:
    own = password.casefold()
    for name in about:
        own = own.replace(name.casefold(), "") if len(name) >= NAME_MIN else own
    judged = zxcvbn(password[:JUDGED], user_inputs=about, max_length=JUDGED)
    return bool(judged["score"] < SCORE_MIN or len(own) < SHORTEST // 2)


def _as_seen(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
