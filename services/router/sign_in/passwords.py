"""Passwords: hashed with argon2id by ``pwdlib``, judged by ``zxcvbn``.

A hash costs some 50 ms of a processor and 64 MiB, so at most two are computed at once and some more may wait; whoever
comes then is asked to come again. They are computed in threads: argon2 lets go of the interpreter's lock.
"""

import asyncio
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
        return await self._in_turn(lambda: self._hash.hash(password))

    async def matches(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Whether it is the password, and its hash by today's costs where the stored one is older.

        ``stored`` None (no such account) takes as long as a wrong password. Raises ``Refusal`` 503.
        """
        known = stored if stored is not None else _nobodys()
        fits, newer = await self._in_turn(lambda: self._hash.verify_and_update(password, known))
        return (fits, newer) if stored is not None else (False, None)

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


def check_strength(password: str, about: list[str]) -> None:
    """Raises ``Refusal`` 422 for a password that is short, long or easily guessed. ``about``: guessed first."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise invalid(FieldError("/password", f"must have {SHORTEST} to {LONGEST} characters"))
    own = password.casefold()
    for name in about:
        own = own.replace(name.casefold(), "") if len(name) >= NAME_MIN else own
    judged = zxcvbn(password[:72], user_inputs=about, max_length=72)
    if judged["score"] < SCORE_MIN or len(own) < SHORTEST // 2:
        raise invalid(FieldError("/password", "is easily guessed; take a longer one, or several words"))
