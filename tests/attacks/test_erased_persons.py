"""Erased means nowhere: with the secret, the key files and the whole disk in hand nobody opens an erased person."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymongo

from services.intake.privacy.master_keys import MasterKeys
from services.intake.privacy.sealing import BrokenSeal, Vault
from tests.kit.everywhere import places_with
from tests.kit.places import QUAY
from tests.kit.stack import ROOT, RunningStack

GONE = {"ref": "refZZ77", "name": "Wilhelmina Ottoline", "phone": "13912349999"}
STAYS = {"ref": "refZZ78", "name": "Bartholomeus Vonk", "phone": "13812340000"}


def rows_ever(stack: RunningStack) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state of every reporter's row that the oplog or the collection remembers, as far as it says something."""
    with pymongo.MongoClient[Any](stack.dev["mongo"]) as client:
        for row in client["whistle_intake"]["reporters"].find():
            yield row["_id"], row
        for entry in client["local"]["oplog.rs"].find({"ns": {"$in": ["whistle_intake.reporters", "admin.$cmd"]}}):
            for one in (entry, *entry["o"].get("applyOps", ())):
                if one.get("ns") == "whistle_intake.reporters":
                    changed = one["o"]
                    yield one.get("o2", changed).get("_id", ""), changed
                    if "diff" in changed:
                        yield one["o2"]["_id"], {**changed["diff"].get("u", {}), **changed["diff"].get("i", {})}


def opened(stack: RunningStack) -> set[str]:
    """Everything that whoever has the data folder can open, with every key that there is with every seal."""
    vault = Vault((stack.data / "secret").read_text().strip(), MasterKeys(stack.data / "keys"))
    keys, seals = {}, []
    for owner, row in rows_ever(stack):
        if isinstance(row.get("key"), bytes):
            try:
                keys[row["key"]] = vault.key(owner, row["key"])
            except BrokenSeal:
                continue
        if isinstance(row.get("sealed"), bytes):
            seals.append(row["sealed"])
    found = set()
    for key in keys.values():
        for sealed in seals:
            try:
                found.add(json.dumps(key.open(sealed)))
            except BrokenSeal:
                continue
    return found


def test_an_erased_person_opens_nowhere_and_the_living_still_do(stack: RunningStack) -> None:
    """B73: secret, key files, oplog and every file of the data folder."""
    rider = stack.rider()
    report = {who["ref"]: rider.report("a lamp is dark", QUAY, reporter=who).json()["id"] for who in (GONE, STAYS)}
    before = opened(stack)
    assert all(any(who["name"] in text for text in before) for who in (GONE, STAYS)), "the oplog remembers both"
    masters = [path.read_bytes() for path in (stack.data / "keys").glob("*.key")]
    assert [path.stat().st_mode & 0o777 for path in (stack.data / "keys").iterdir()] == [0o600] * len(masters)
    command = [str(Path(sys.executable).with_name("whistle")), "person", "erase", "--now", "--json"]
    command += ["--ref", GONE["ref"], "--app", "rider-app", "--city", "harbour"]
    done = subprocess.run(
        [*command, "--data", str(stack.data)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["erased"], len(told["keys"]["destroyed"])) == (True, len(masters))
    after = opened(stack)
    assert not [text for text in after if GONE["name"] in text or GONE["phone"] in text]
    assert [text for text in after if STAYS["name"] in text]
    desk = stack.person("qs-desk")
    case = stack.case_of(report[STAYS["ref"]], rider)["case"]["id"]
    unmasked = desk.command(case, "unmask", {"report": report[STAYS["ref"]], "reason": "to call back"})
    assert unmasked.json()["reporter"]["name"] == STAYS["name"]
    words = [GONE["name"].encode(), GONE["phone"].encode(), *masters]
    assert not [p for p in stack.data.rglob("*") if p.is_file() and any(word in p.read_bytes() for word in words)]
    assert places_with(stack, [*GONE.values()]) == []
