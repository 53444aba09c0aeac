"""A file system of a few megabytes, so that a disk can be full.

Memory (tmpfs) in a mount namespace of its own, held by a process: nothing is mounted where others see it, and nothing
is left behind however a test ends. Everybody else gets there through the holder's root in /proc. It takes root, or a
kernel that lets anybody make user namespaces.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.process import TETHER

_MOUNT = 'mount -t tmpfs -o size={size}m,mode=0700 tmpfs "{place}" && echo mounted && exec sleep infinity'


class NoSmallDisk(Exception):
    """This machine does not let us mount anything; says why."""


class SmallDisk:
    """``path`` lies on it. Its holder ends with the process that made it."""

    def __init__(self, place: Path, mebibytes: int) -> None:
        """Raises ``NoSmallDisk``."""
        place.mkdir(parents=True, exist_ok=True)
        apart = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--user", "--map-root-user", "--mount")
        if shutil.which("unshare") is None:
            raise NoSmallDisk("there is no unshare (util-linux)")
        mounting = _MOUNT.format(size=mebibytes, place=place)
        self._holder = subprocess.Popen(
            [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *apart, "sh", "-c", mounting],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stderr is not None
        if self._holder.stdout.readline() != b"mounted\n":
            raise NoSmallDisk(self._holder.stderr.read().decode().strip())
        self.path = Path(f"/proc/{self._holder.pid}/root{place}")

    def fill(self) -> None:
        """Not a byte is left."""
        with (self.path / "filler").open("ab", buffering=0) as filler:
            block = bytes(1 << 20)
            while block:
                try:
                    filler.write(block)
                except OSError:
                    block = block[: len(block) // 2]

    def clear(self) -> None:
        (self.path / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()
