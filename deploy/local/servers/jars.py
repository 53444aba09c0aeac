"""The jars of Apache Kafka: named and hashed in a committed lock, fetched by jgo, kept in the user's cache."""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).with_name("kafka.lock.json")
TRIES = 3

Progress = Callable[[int, int], None]
"""Told (bytes done, bytes in all) as jars arrive; called from worker threads."""


class JarsMissing(Exception):
    """Jars could not be fetched or are not what the lock says; the message names them."""


@dataclass(frozen=True)
class Jar:
    """One line of the lock: Maven coordinate `group:artifact:version`, size and digest."""

    coordinate: str
    bytes: int
    sha256: str

    @property
    def file(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"

    def intact(self, folder: Path) -> bool:
        """Whether the file in `folder` has the locked digest."""
        path = folder / self.file
        return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


@dataclass(frozen=True)
class Lock:
    """The lock file `{"kafka": version, "jars": [{"jar", "bytes", "sha256"}]}`."""

    kafka: str
    jars: tuple[Jar, ...]

    @property
    def folder(self) -> Path:
        return cache_dir() / f"kafka-{self.kafka}"


def cache_dir() -> Path:
    """`$XDG_CACHE_HOME/whistle`, else `~/.cache/whistle`: shared by all data directories of a user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whistle"


def read_lock(path: Path = LOCK) -> Lock:
    """The committed lock."""
    raw = json.loads(path.read_text())
    return Lock(raw["kafka"], tuple(Jar(row["jar"], row["bytes"], row["sha256"]) for row in raw["jars"]))


def missing(lock: Lock) -> list[Jar]:
    """Jars not in the cache, by name and size: digests are checked when a jar arrives (and by `whistle doctor`)."""

    def there(path: Path, size: int) -> bool:
        return path.exists() and path.stat().st_size == size

    return [jar for jar in lock.jars if not there(lock.folder / jar.file, jar.bytes)]


def classpath(lock: Lock) -> str:
    """Java's class path, in the lock's order (a class archive holds only for the very same path)."""
    return os.pathsep.join(str(lock.folder / jar.file) for jar in lock.jars)


def fetch(lock: Lock, progress: Progress = lambda done, total: None) -> None:
    """Bring every missing jar into the cache. JarsMissing names those that did not come; what came is kept."""
    wanted = missing(lock)
    if not wanted:
        return
    lock.folder.mkdir(parents=True, exist_ok=True)
    total, done = sum(jar.bytes for jar in wanted), 0
    with tempfile.TemporaryDirectory(dir=lock.folder, prefix="incoming-") as incoming:

        def one(jar: Jar) -> tuple[Jar, str | None]:
            return jar, _fetch_one(jar, Path(incoming), lock.folder)

        failed: list[str] = []
        with ThreadPoolExecutor(max_workers=4) as pool:
            for jar, problem in pool.map(one, wanted):
                done += jar.bytes
                progress(done, total)
                if problem is not None:
                    failed.append(f"{jar.coordinate}: {problem}")
    if failed:
        raise JarsMissing("jars of Kafka could not be fetched from Maven Central:\n  " + "\n  ".join(failed))


def _fetch_one(jar: Jar, incoming: Path, folder: Path) -> str | None:
    """Fetch into `incoming`, check the digest, move into `folder` at one stroke; the problem, or None."""
    from jgo.maven import MavenContext  # here: it costs 0.3 s and is needed once per machine

    problem = ""
    for attempt in range(TRIES):
        repository = incoming / f"{jar.sha256}-{attempt}"
        try:
            context = MavenContext(repo_cache=repository, timeout=30)
            path = context.create_dependency(jar.coordinate).artifact.resolve()
        except Exception as error:  # jgo raises what requests raises, RuntimeError and more
            problem = f"{type(error).__name__}: {error}"
            time.sleep(attempt)
            continue
        if hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256:
            path.replace(folder / jar.file)
            return None
        problem = "its sha256 is not the locked one"
    return problem
