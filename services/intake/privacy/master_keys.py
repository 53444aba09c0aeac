"""Master keys, generation by generation, in a folder outside MongoDB. They wrap the keys of persons and of confidential
reports.

MongoDB's oplog, journal and backups keep rows long after they are deleted. So the keys in rows are wrapped by a master
key that is not in MongoDB: once all living keys are wrapped by the next generation, the old one is destroyed, and no
copy of an erased person's row can be opened any more.

A file holds 32 random bytes (mode 0600) and is named after its number. All intake processes share the folder.
"""

import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

SIZE = 32
REMEMBERED_SECONDS = 600.0
"""So long a process keeps a destroyed key in memory, for rows that it was just writing under that key."""
_FILE = re.compile(r"^(\d{6,10})\.key$")


class MasterKeys:
    """The folder of key files. Every method reads it anew: other processes make and destroy generations too."""

    def __init__(self, folder: Path, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._folder = folder
        self._random = random
        self._read: dict[int, bytes] = {}
        self._gone: dict[int, float] = {}

    def numbers(self) -> list[int]:
        """The generations that exist, oldest first."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            names = []
        found = sorted(int(match[1]) for name in names if (match := _FILE.match(name)))
        now = time.monotonic()
        for number in self._read.keys() - set(found):
            if now - self._gone.setdefault(number, now) > REMEMBERED_SECONDS:
                del self._read[number], self._gone[number]
        return found

    def newest(self) -> int:
        """The generation that wraps new keys. Raises ``RuntimeError`` when there is none."""
        found = self.numbers()
        if not found:
            raise RuntimeError(f"{self._folder} has no master key")
        return found[-1]

    def key(self, number: int) -> bytes | None:
        """The key of a generation; None where it was destroyed or never was here."""
        if number not in self._read:
            try:
                self._read[number] = self._path(number).read_bytes()
            except FileNotFoundError:
                return None
        return self._read[number]

    def make(self) -> int:
        """Make the next generation; durable when this returns. Two processes that do it at once make one together."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = max(self.numbers(), default=0) + 1
        written = self._folder / f".{number:06}.{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):
            written.unlink()
        _write(written, self._random(SIZE), os.O_CREAT | os.O_EXCL)
        try:
            with contextlib.suppress(FileExistsError):
                os.link(written, self._path(number))
        finally:
            written.unlink()
        self._sync()
        return number

    def destroy(self, number: int) -> None:
        """Overwrite and delete the file; without a file this does nothing."""
        path = self._path(number)
        with contextlib.suppress(FileNotFoundError):
            _write(path, bytes(SIZE), 0)
            path.unlink()
        self._sync()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06}.key"

    def _sync(self) -> None:
        """Force the folder's entries to the disk."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _write(path: Path, content: bytes, flags: int) -> None:
    file = os.open(path, os.O_WRONLY | flags, 0o600)
    try:
        os.write(file, content)
        os.fsync(file)
    finally:
        os.close(file)
