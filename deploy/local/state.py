"""What a data directory knows of the stack that runs on it: `state.json`, the lock, the secret."""

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypedDict

State = Literal["starting", "ready", "degraded", "restarting", "stopped"]


SECRET_LENGTH_MIN = 32
_PASSWORDS = re.compile(r"(?i)(password|authMechanismProperties)=")


class Row(TypedDict):
    """A line of `whistle status`; `pid` is None for a part that does not run, or not here."""

    part: str
    state: State
    pid: int | None
    url: str
    log: str | None


class DataInUse(Exception):
    """Another stack holds the data directory."""


class SecretRefused(Exception):
    """`WHISTLE_SECRET` cannot be the secret of this data directory; the message says why."""


def without_account(address: str) -> str:
    """A server's address as it may be shown and stored: no user, no password, of whatever form."""
    where, asked, query = address.partition("?")
    scheme, slashes, rest = where.rpartition("://")
    kept = "&".join(option for option in query.split("&") if not _PASSWORDS.search(option))
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}{asked}{kept}"


def make_private(data: Path) -> None:
    """The data folder, for its owner alone, as is all that this process and its children make from now on.

    Reports, names and telephone numbers lie in it: in the broker's log, in the database, in what services say.
    """
    os.umask(0o077)
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace `path` by `text` at one stroke, so that a reader or a crash never meets half a file."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


class Board:
    """The states of all parts, written to `<data>/state.json` at every change."""

    def __init__(self, data: Path) -> None:
        self._path = data / "state.json"
        self._rows: dict[str, Row] = {}
        self._written = True

    def enter(self, part: str, url: str, log: Path | None, state: State = "starting") -> None:
        """A part joins the board; without a log it is a server that runs elsewhere."""
        self._rows[part] = Row(part=part, state=state, pid=None, url=url, log=str(log) if log else None)
        self._write()

    def set(self, part: str, state: State, pid: int | None) -> bool:
        """Note a part's state; True if that is news."""
        row = self._rows[part]
        if (row["state"], row["pid"]) == (state, pid):
            if not self._written:
                self._write()
            return False
        row["state"], row["pid"] = state, pid
        self._write()
        return True

    @property
    def rows(self) -> list[Row]:
        return list(self._rows.values())

    def _write(self) -> None:
        """On a full disk later: nothing that runs is to end because it cannot be written down."""
        try:
            write_atomically(self._path, json.dumps(self.rows, indent=1) + "\n")
            self._written = True
        except OSError:
            self._written = False


def read_rows(data: Path) -> list[Row]:
    """The states of the stack on `data`; all `stopped` if nobody holds it, empty if it never ran."""
    path = data / "state.json"
    rows: list[Row] = json.loads(path.read_text()) if path.exists() else []
    if holder(data) is None:
        for row in rows:
            row["state"], row["pid"] = "stopped", None
    return rows


@contextmanager
def hold(data: Path) -> Iterator[None]:
    """Hold the data directory for this process; DataInUse if another does. The kernel lets go when we die."""
    make_private(data)
    with (data / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataInUse(
                f"{data} is used by the stack of pid {holder(data)}: stop it with "
                f"`whistle down --data {data}`, or choose another --data and --port-base"
            ) from None
        (data / "state.json").unlink(missing_ok=True)  # what a killed stack left is not true of this one
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def holder(data: Path) -> int | None:
    """The pid of the process that holds the data directory, or None."""
    path = data / "lock"
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read() or 0)
    return None


def read_secret(data: Path, given: str = "") -> str:
    """The installation's secret, in `<data>/secret` (mode 0600): made once, of what is `given` or of 32 random bytes.

    SecretRefused for another one later: ids, links and tokens that were given out derive from the first.
    """
    path = data / "secret"
    if given and len(given) < SECRET_LENGTH_MIN:
        raise SecretRefused(f"WHISTLE_SECRET must have at least {SECRET_LENGTH_MIN} characters")
    if not path.exists():
        write_atomically(path, given or secrets.token_hex(32), mode=0o600)
    found = path.read_text().strip()
    if given and given != found:
        raise SecretRefused(f"WHISTLE_SECRET is not the secret that the data in {data} was made with ({path})")
    return found


def keep_ops_token(dev: Path, token: str) -> None:
    """Put the ops token that holds now into this dev.json."""
    _change(dev, {"ops": token})


def keep_city_tokens(dev: Path, tokens: dict[str, Any]) -> None:
    """Put a city's development keys and people, as the router told them, into this dev.json."""
    told = json.loads(dev.read_text())
    first = tokens if told.get("city", tokens["city"]) == tokens["city"] else {}
    _change(dev, {**first, "cities": {**told.get("cities", {}), tokens["city"]: tokens}})


def _change(dev: Path, fields: dict[str, Any]) -> None:
    told = {**json.loads(dev.read_text()), **fields}
    write_atomically(dev, json.dumps(told, ensure_ascii=False, indent=1) + "\n", mode=0o600)
