"""One-time codes of an authenticator (TOTP, RFC 6238): six digits, thirty seconds, by ``pyotp``.

The secret of each account lies sealed (Fernet) under a key that follows from the installation's secret. Codes go by
real time, as the telephone that shows them does, whatever the installation's clock says.
"""

import base64
import hmac
from collections.abc import Callable
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet

STEP_SECONDS = 30
TOLERATED = (0, -1, 1)
"""Steps beside the present one that are taken: telephones' clocks differ."""
ISSUER = "Whistle"


class OneTimeCodes:
    """Makes, seals and checks them. ``now``: real time."""

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        key = hmac.digest(secret.encode(), b"whistle one-time codes", "sha256")
        self._sealing = Fernet(base64.urlsafe_b64encode(key))
        self._now = now

    def new(self) -> bytes:
        """A fresh secret, sealed."""
        return self._sealing.encrypt(pyotp.random_base32().encode())

    def uri(self, sealed: bytes, name: str) -> str:
        """What an authenticator reads from a QR code (``otpauth://``)."""
        return pyotp.TOTP(self._opened(sealed)).provisioning_uri(name=name, issuer_name=ISSUER)

    def step_of(self, sealed: bytes, code: str) -> int | None:
        """The time step whose code this is, of the present one and its neighbours; None: of none."""
        totp, present = pyotp.TOTP(self._opened(sealed)), int(self._now().timestamp()) // STEP_SECONDS
        for beside in TOLERATED:
            if hmac.compare_digest(totp.generate_otp(present + beside), code):
                return present + beside
        return None

    def _opened(self, sealed: bytes) -> str:
        return self._sealing.decrypt(sealed).decode()
