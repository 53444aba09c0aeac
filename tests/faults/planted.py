"""Faults inside a service's own process, planted at its start and dormant until a test leaves a file with their name.

A *moment* happens once, at an exact place, and takes its file away. A way to be *broken* (``<service>.<name>``) holds
for a process that finds its file when it starts: what ``test_broken_services`` shows the audit to catch. Product code
knows nothing of any of this.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.kit.broken import BREAKS, SECOND_NETS

BLOCKED_SECONDS = 120.0
OUT_OF_ORDER = 1000
"""Records that the broker is made to believe it never got."""
FOLDER = Path(os.environ.get("PLANTED", "/nonexistent"))


def plant(service: str) -> None:
    """Everything that can be planted into ``service``; called once its modules are there."""
    for where, sow in _MOMENTS:
        if where in (service, "all"):
            sow(service)
    for file in FOLDER.glob(f"{service}.*"):
        (BREAKS | SECOND_NETS)[file.suffix[1:]](_Patch())


class _Patch:
    """Replaces attributes for as long as the process lives. Raises ``AttributeError`` for one that is not there."""

    def setattr(self, target: object, name: str, value: object) -> None:
        getattr(target, name)
        setattr(target, name, value)


def taken(name: str) -> bool:
    """Whether a test asked for this moment; once."""
    try:
        (FOLDER / name).unlink()
    except FileNotFoundError:
        return False
    return True


def asked(name: str) -> bool:
    """Whether a test asks for this for as long as the file is there."""
    return (FOLDER / name).exists()


def die() -> None:
    """As ``kill -9`` at exactly this place."""
    os.kill(os.getpid(), signal.SIGKILL)


def _wrap(owner: Any, name: str, around: Callable[[Any], Any]) -> None:
    setattr(owner, name, around(getattr(owner, name)))


def _dies_after(owner: Any, method: str, moment: str) -> None:
    def around(original: Any) -> Any:
        async def call(*args: Any, **more: Any) -> Any:
            result = await original(*args, **more)
            if taken(moment):
                die()
            return result

        return call

    _wrap(owner, method, around)


def _intake_dies_between_commit_and_answer(_: str) -> None:
    from services.intake.reports.report_store import ReportStore

    _dies_after(ReportStore, "insert", "intake-dies-after-the-commit")


def _intake_dies_between_a_photo_and_its_answer(_: str) -> None:
    from services.intake.photos.photo_store import PhotoStore

    _dies_after(PhotoStore, "keep", "intake-dies-after-a-photo")
    _dies_after(PhotoStore, "claim_for_report", "intake-dies-after-a-claim")


def _router_dies_between_insert_and_offset(_: str) -> None:
    from services.router.cases.case_store import CaseStore

    _dies_after(CaseStore, "insert_opened", "router-dies-after-the-insert")


def _relay_dies_between_ack_and_clearing(service: str) -> None:
    from shared.runtime.kafka.outbox_relay import Relay

    def around(original: Any) -> Any:
        async def clear(self: Any, batch: Any) -> None:
            if batch and taken(f"{service}-dies-before-clearing"):
                die()
            await original(self, batch)

        return clear

    _wrap(Relay, "_clear", around)


def _notifier_waits_with_a_batch(_: str) -> None:
    from services.notifier.alerts.case_alerts import CaseAlerts

    def around(original: Any) -> Any:
        async def handle(self: Any, events: Any) -> None:
            while asked("notifier-waits"):
                (FOLDER / "notifier-has-a-batch").touch()
                await asyncio.sleep(0.1)
            await original(self, events)

        return handle

    _wrap(CaseAlerts, "handle", around)


def _its_loop_stands_still(service: str) -> None:
    from shared.runtime.kafka.outbox_relay import Relay

    def around(original: Any) -> Any:
        async def a_round(self: Any, batch: Any) -> None:
            if taken(f"{service}-blocks"):
                time.sleep(BLOCKED_SECONDS)  # noqa: ASYNC251 - the fault itself
            await original(self, batch)

        return a_round

    _wrap(Relay, "_round", around)


def _its_producer_loses_its_place(service: str) -> None:
    from aiokafka import AIOKafkaProducer

    def around(original: Any) -> Any:
        async def send(self: Any, *args: Any, **more: Any) -> Any:
            if taken(f"{service}-loses-its-place"):
                numbers = self._txn_manager._sequence_numbers
                for partition in list(numbers):
                    numbers[partition] += OUT_OF_ORDER
            return await original(self, *args, **more)

        return send

    _wrap(AIOKafkaProducer, "send", around)


def _its_clock_is_wrong(service: str) -> None:
    """By as many seconds as its file says; files are looked at whenever somebody asks for the time."""
    file, real = FOLDER / f"{service}-clock", time.time

    def wrong() -> float:
        try:
            return real() + float(file.read_text())
        except (FileNotFoundError, ValueError):
            return real()

    time.time = wrong


_MOMENTS: tuple[tuple[str, Callable[[str], None]], ...] = (
    ("intake", _intake_dies_between_commit_and_answer),
    ("intake", _intake_dies_between_a_photo_and_its_answer),
    ("router", _router_dies_between_insert_and_offset),
    ("notifier", _notifier_waits_with_a_batch),
    ("all", _its_loop_stands_still),
    ("all", _its_producer_loses_its_place),
    ("all", _its_clock_is_wrong),
    ("all", _relay_dies_between_ack_and_clearing),
)
