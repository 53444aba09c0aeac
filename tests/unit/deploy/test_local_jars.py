"""The lock of Kafka's jars and their cache."""

import hashlib
from pathlib import Path

import pytest

from deploy.local.servers.jars import LOCK, Jar, JarsMissing, Lock, classpath, fetch, missing, read_lock

CONTENT = b"a jar"
JAR = Jar("org.example:thing:1.0", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lock:
    """A lock of one jar, in a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("deploy.local.servers.jars.time.sleep", lambda _: None)
    return Lock("1.0", (JAR,))


def serve(monkeypatch: pytest.MonkeyPatch, *contents: bytes) -> None:
    """Let the resolver answer with these contents, one after the other; none left: it fails."""
    left = list(contents)

    class Context:
        def __init__(self, repo_cache: Path, timeout: int) -> None:
            self._repository = repo_cache

        def create_dependency(self, _: str) -> "Context":
            return self

        @property
        def artifact(self) -> "Context":
            return self

        def resolve(self) -> Path:
            if not left:
                raise RuntimeError("not found")
            self._repository.mkdir(parents=True)
            path = self._repository / "some.jar"
            path.write_bytes(left.pop(0))
            return path

    monkeypatch.setattr("jgo.maven.MavenContext", Context)


def test_the_committed_lock_names_a_whole_broker_and_no_host() -> None:
    lock = read_lock()
    artifacts = {jar.coordinate.split(":")[1] for jar in lock.jars}
    assert {"kafka_2.13", "kafka-clients", "kafka-metadata", "log4j-core", "log4j-slf4j-impl"} <= artifacts
    assert all(len(bytes.fromhex(jar.sha256)) == 32 and jar.bytes > 0 for jar in lock.jars)
    assert f"org.apache.kafka:kafka_2.13:{lock.kafka}" in {jar.coordinate for jar in lock.jars}
    assert "//" not in LOCK.read_text()


def test_a_jar_is_fetched_once(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, CONTENT)
    told: list[tuple[int, int]] = []
    assert missing(lock) == [JAR]
    fetch(lock, lambda done, total: told.append((done, total)))
    assert missing(lock) == [] and JAR.intact(lock.folder)
    assert told == [(5, 5)]
    assert classpath(lock) == str(lock.folder / "thing-1.0.jar")
    fetch(lock)
    assert [entry.name for entry in lock.folder.iterdir()] == ["thing-1.0.jar"]


def test_a_jar_that_is_not_the_locked_one_is_never_kept(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, b"evil!", b"evil!", b"evil!")
    with pytest.raises(JarsMissing, match=r"org\.example:thing:1\.0: its sha256 is not the locked one"):
        fetch(lock)
    assert list(lock.folder.iterdir()) == []


def test_a_broken_download_is_tried_again(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, b"half", CONTENT)
    fetch(lock)
    assert JAR.intact(lock.folder)


def test_a_registry_that_does_not_answer_is_said(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch)
    with pytest.raises(JarsMissing, match="RuntimeError: not found"):
        fetch(lock)


def test_a_changed_jar_is_noticed(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, CONTENT)
    fetch(lock)
    (lock.folder / JAR.file).write_bytes(b"A jar")
    assert missing(lock) == []
    assert not JAR.intact(lock.folder)
