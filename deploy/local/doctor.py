"""What this machine has of what the stack needs, and what to do about what is missing."""

import ctypes
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import psutil

from deploy.counting import counted
from deploy.local.finding import Finding
from deploy.local.parts import SERVICES, WITH_ACCOUNTS
from deploy.local.ports import holder_of, taken
from deploy.local.reachability import address, administrators, organisation
from deploy.local.running import left_undone
from deploy.local.servers.jars import missing, read_lock
from deploy.local.servers.java import JavaMissing, find_java
from deploy.local.servers.mongo import MongodMissing, find_mongod, is_mended, mongod_version
from deploy.local.servers.servers import CONTROLLER, KAFKA, MONGO
from deploy.local.state import holder, read_rows, read_secret
from services.console.typesetting import families
from services.console.typesetting import missing as missing_for_pdf
from shared.operations.undone import Waiting, is_behind, is_history, is_late
from shared.runtime.settings import Settings

GIB = 1024**3
ANSWERING = ("ready", "degraded")
"""States of a part that answers: what a degraded service leaves undone says what is the matter with it."""
DISK_NEEDED, MEMORY_NEEDED = 2 * GIB, 3 * GIB // 2


def examine(data: Path, port_base: int) -> Iterator[Finding]:
    """All findings, in the order a person would mend them."""
    yield _python()
    yield _machine()
    yield from _mongod()
    yield _java()
    yield _jars()
    yield _disk(data)
    yield _memory()
    yield _pdf()
    if holder(data):
        yield from _stack(data)
        yield from _people(data)
    elif elsewhere := _elsewhere():
        for service, url in elsewhere.items():
            yield from left_undone(service, url)
        yield from address(os.environ.get("WHISTLE_PUBLIC_URL", ""), development=False)
        yield from _organisation(development=False)
        if "router" in elsewhere and (secret := os.environ.get("WHISTLE_SECRET", "")):
            yield from administrators(elsewhere["router"], secret, development=False)
    else:
        yield from _ports(port_base)


def _elsewhere() -> dict[str, str]:
    """Services on own servers, as the environment names them; they are asked where no stack runs here."""
    named = {service.name: os.environ.get(f"WHISTLE_{service.name.upper()}_URL", "") for service in WITH_ACCOUNTS}
    return {name: url for name, url in named.items() if url}


def _people(data: Path) -> Iterator[Finding]:
    """Whether people can sign in to the stack on ``data``, and open its links."""
    urls = {row["part"]: row["url"] for row in read_rows(data) if row["state"] == "ready"}
    development = (data / "dev.json").is_file()
    yield from address(os.environ.get("WHISTLE_PUBLIC_URL") or urls.get("console", ""), development=development)
    yield from _organisation(development=development, console=urls.get("console", ""))
    if "router" in urls and (data / "secret").is_file():
        yield from administrators(urls["router"], read_secret(data), development=development)


def _organisation(*, development: bool, console: str = "") -> Iterator[Finding]:
    """Sign-in at the organisation, as the environment has it. ``console``: its address, where it runs here."""
    try:
        settings = Settings(console_url=console) if console else Settings()
    except ValueError as wrong:
        yield Finding("settings", False, str(wrong).splitlines()[-1].strip(), "see docs/settings.md")
        return
    yield from organisation(settings, development=development)


def _python() -> Finding:
    seen = platform.python_version()
    return Finding("python", sys.version_info >= (3, 11), seen, "install Python 3.11 or newer")


def _machine() -> Finding:
    seen = f"{platform.system()} {platform.machine()}"
    advice = "on this machine run Kafka and MongoDB yourself and set WHISTLE_KAFKA and WHISTLE_MONGO"
    return Finding("machine", seen == "Linux x86_64", seen, advice)


def _mongod() -> Iterator[Finding]:
    try:
        path = find_mongod()
    except MongodMissing as error:
        yield Finding("mongod", False, "none", str(error))
        return
    version = mongod_version(path)
    said = "unknown" if version is None else ".".join(map(str, version))
    old = version is not None and not is_mended(version)
    known = "; older than its line's fix of CVE-2025-14847: for this machine alone, see SECURITY.md" if old else ""
    yield Finding("mongod", True, f"{said} ({path}){known}")
    if "fiftyone" in path.parts:
        yield _library("libcurl 4", "libcurl.so.4", "libcurl4")
        yield _library("OpenSSL 3", "libssl.so.3", "libssl3")
        yield _library("OpenSSL 3 (crypto)", "libcrypto.so.3", "libssl3")


def _library(name: str, file: str, package: str) -> Finding:
    try:
        ctypes.CDLL(file)
    except OSError as error:
        advice = f"install {name}: `apt-get install {package}` on Debian or Ubuntu (mongod needs {file})"
        return Finding(name, False, str(error), advice)
    return Finding(name, True, file)


def _java() -> Finding:
    try:
        java = find_java()
    except JavaMissing as error:
        return Finding("java", False, "none", str(error))
    return Finding("java", True, f"{java.version} ({java.source}: {java.path})")


def _jars() -> Finding:
    lock = read_lock()
    absent = missing(lock)
    if absent:
        size = sum(jar.bytes for jar in absent) / 1e6
        return Finding("kafka jars", True, f"{len(absent)} still to be fetched ({size:.0f} MB): `whistle up` does it")
    broken = [jar.file for jar in lock.jars if not jar.intact(lock.folder)]
    advice = f"delete them from {lock.folder}; `whistle up` fetches them again"
    seen = f"not what the lock says: {', '.join(broken)}" if broken else f"Kafka {lock.kafka} in {lock.folder}"
    return Finding("kafka jars", not broken, seen, advice)


def _disk(data: Path) -> Finding:
    place = next(folder for folder in (data.absolute(), *data.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    advice = f"free {DISK_NEEDED // GIB} GiB there, or choose another --data"
    return Finding("disk", free >= DISK_NEEDED, f"{free / GIB:.1f} GiB free in {place}", advice)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    advice = f"the stack wants {MEMORY_NEEDED / GIB:.1f} GiB: end something else"
    return Finding("memory", free >= MEMORY_NEEDED, f"{free / GIB:.1f} GiB available", advice)


def _pdf() -> Finding:
    font = os.environ.get("WHISTLE_PDF_FONT", "")
    if not font:
        return Finding("pdf", True, "none: cases are printed by the browser; WHISTLE_PDF_FONT names a font for PDFs")
    if advice := missing_for_pdf(font):
        return Finding("pdf", False, "cases cannot be made PDFs", advice)
    found = families(font)
    return Finding("pdf", bool(found), ", ".join(found) or f"no font in {font}", "name a file or folder with a font")


def _ports(port_base: int) -> Iterator[Finding]:
    offsets = [*(service.offset for service in SERVICES), KAFKA, MONGO, CONTROLLER]
    used = [port for port in (port_base + offset for offset in offsets) if taken(port)]
    seen = ", ".join(f"{port} is used by {holder_of(port)}" for port in used) or f"free from {port_base}"
    yield Finding("ports", not used, seen, "stop what uses them, or choose others: --port-base N")


def _stack(data: Path) -> Iterator[Finding]:
    for row in read_rows(data):
        advice = f"see {row['log']}" if row["log"] else f"see to the server at {row['url']}"
        yield Finding(row["part"], row["state"] == "ready", f"{row['state']} at {row['url']}", advice)
        if row["state"] in ANSWERING and row["part"] in {service.name for service in SERVICES}:
            yield from _behind(row["part"], row["url"])
            if row["part"] in {service.name for service in WITH_ACCOUNTS}:
                yield from left_undone(row["part"], row["url"])


def _behind(service: str, url: str) -> Iterator[Finding]:
    """Each consumer for which more waits than it handles in a moment."""
    try:
        behind = httpx.get(f"{url}/readyz", timeout=5.0).json().get("behind", {})
    except (httpx.HTTPError, ValueError):
        return
    for group, waiting in msgspec.convert(behind, dict[str, Waiting]).items():
        if not is_behind(waiting):
            continue
        seconds = waiting.seconds
        pace = "nothing is handled at the moment" if seconds is None else f"{seconds:,.0f} s at its present pace"
        hint = "; an import, nothing live waits for it" if is_history(group) else ""
        advice = (
            f"nothing is lost and it gets on by itself; if it grows start another {service} (docs/operations.md#behind)"
        )
        late = is_late(group, waiting)
        yield Finding(group, not late, f"{counted(waiting.records, 'record')} behind, {pace}{hint}", advice)
