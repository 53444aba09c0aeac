"""A ledger outside the system: what was answered, compared with what the system then has.

Riders post under load with retries under the same key, as phones do; a tenth of all reports is sent twice on purpose. A
receiver counts webhook ids. Afterwards reports, cases, alerts, breaches and webhook ids are compared as sets.
"""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.kit.stack import RunningStack, until

RETRY_SECONDS = 0.2
GIVE_UP_SECONDS = 60.0
DRAINED_WITHIN = 60.0
"""What is promised, of a machine that has nothing else to do."""
PATIENCE = 200.0


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


class Receiver:
    """A rider app's webhook receiver on a port of its own; remembers every delivery."""

    def __init__(self) -> None:
        self.ids: Counter[str] = Counter()
        self.events: set[str] = set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.ids[self.headers["webhook-id"]] += 1
                receiver.events.add(httpx.Response(200, content=body).json()["data"]["event"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Ledger:
    """Who was told what."""

    stack: RunningStack
    seed: int
    accepted: dict[str, str] = field(default_factory=dict)
    """Key → report id, as answered."""
    earlier: set[str] = field(default_factory=set)
    """Reports of earlier ledgers of the same stack."""
    given_up: set[str] = field(default_factory=set)
    in_flight: int = 0
    contradictions: list[str] = field(default_factory=list)

    async def load(self, riders: int, stop: asyncio.Event) -> None:
        """Riders that post one report after the other until told to stop."""
        chance = random.Random(self.seed)
        headers = {"authorization": f"Bearer {self.stack.rider().token}"}
        url = self.stack.urls["intake"] + "/v1/reports"
        async with httpx.AsyncClient(timeout=10.0, headers=headers) as client, asyncio.TaskGroup() as tasks:
            for rider in range(riders):
                tasks.create_task(self._ride(client, url, rider, random.Random(chance.random()), stop))

    async def _ride(
        self, client: httpx.AsyncClient, url: str, rider: int, chance: random.Random, stop: asyncio.Event
    ) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            key = f"{self.seed}-{rider}-{number}"
            body = {
                "kind": "hazard",
                "description": f"a lamp is dark near post {rider}-{number}",
                "location": {"lon": 4.30 + chance.random() / 10, "lat": 52.10 + chance.random() / 20, "crs": "wgs84"},
                "reporter": {"ref": f"rider-{rider}"},
            }
            times = 2 if chance.random() < 0.1 else 1
            await asyncio.gather(*(self._send(client, url, key, body) for _ in range(times)))

    async def _send(self, client: httpx.AsyncClient, url: str, key: str, body: dict[str, Any]) -> None:
        """As a phone does: again under the same key until there is an answer."""
        ends = asyncio.get_running_loop().time() + GIVE_UP_SECONDS
        while asyncio.get_running_loop().time() < ends:
            self.in_flight += 1
            try:
                answer = await client.post(url, json=body, headers={"idempotency-key": key})
            except httpx.HTTPError:
                answer = None
            finally:
                self.in_flight -= 1
            if answer is not None and answer.status_code == 202:
                self._note(key, answer.json()["id"])
                return
            if answer is not None and answer.status_code not in (429, 503):
                self.contradictions.append(f"{key}: {answer.status_code} {answer.text[:200]}")
                return
            await asyncio.sleep(RETRY_SECONDS)
        self.given_up.add(key)

    def _note(self, key: str, report: str) -> None:
        if self.accepted.setdefault(key, report) != report:
            self.contradictions.append(f"{key}: two ids, {self.accepted[key]} and {report}")

    def cases(self) -> dict[str, list[str]]:
        """Report → the cases that show it, over every queue of the city, whatever their state."""
        found: dict[str, list[str]] = {}
        states = "queued,acknowledged,claimed,on_site,in_progress,waiting_reporter,resolved,closed,rejected,reopened"
        for unit in ("oosterhaven", "quayside", "millfield"):
            cursor = None
            while True:
                query = {"city": "harbour", "limit": 200, "state": states, **({"cursor": cursor} if cursor else {})}
                page = self.stack.ops.get("router", f"/v1/queues/{unit}/cases", **query)
                if page.status_code != 200:
                    return {}
                for row in page.json()["items"]:
                    found.setdefault("r" + row["id"][1:], []).append(row["id"])
                cursor = page.json()["next"]
                if cursor is None:
                    break
        return found

    def check(self, receiver: Receiver | None = None) -> None:
        """Raises AssertionError, saying what is lost or doubled. Tells how long the system took to drain."""
        began = time.monotonic()
        assert not self.contradictions, self.contradictions[:5]
        assert self.accepted, "nothing was accepted: the test proved nothing"
        reports = set(self.accepted.values())
        cases = until(
            lambda: (lambda found: found if reports <= set(found) else None)(self.cases()),
            within=PATIENCE,
            what=f"a case for each of {len(reports)}",
        )
        doubled = {report: ids for report, ids in cases.items() if len(ids) > 1}
        assert not doubled, f"doubled: {doubled}"
        unasked = set(cases) - reports - self.earlier
        assert self.given_up or not unasked, f"cases without a report that was answered: {sorted(unasked)[:5]}"
        self._check_alerts({ids[0] for report, ids in cases.items() if report in reports})
        if receiver is not None:
            wanted = {f"{ids[0]}.1.0" for report, ids in cases.items() if report in reports}
            until(lambda: wanted <= receiver.events, within=PATIENCE, what="a webhook for every case opened")
        print(f"drained within {time.monotonic() - began:.1f} s of {DRAINED_WITHIN:.0f} s")  # noqa: T201 - the figure

    def _check_alerts(self, cases: set[str]) -> None:
        """Every case told its desk once: no alert missing, none twice for one event and person."""
        told = until(
            lambda: (lambda found: found if cases <= {case for case, _, _ in found} else None)(self._told()),
            within=PATIENCE,
            what=f"alerts for {len(cases)} cases",
        )
        assert max(told.values()) == 1, f"told twice: {told.most_common(3)}"

    def _told(self) -> Counter[tuple[str, str, str]]:
        """(case, event, recipient) of every alert of a new case, counted."""
        found: Counter[tuple[str, str, str]] = Counter()
        cursor: str | None = None
        while True:
            query = {"city": "harbour", "limit": 200, **({"cursor": cursor} if cursor else {})}
            answer = self.stack.ops.get("notifier", "/v1/alerts", **query)
            if answer.status_code != 200:
                return found
            for alert in answer.json()["items"]:
                if alert["kind"] == "new":
                    found[alert["case"], alert["because"], alert["recipient"]] += 1
            cursor = answer.json()["next"]
            if cursor is None:
                return found


def absorbed(stack: RunningStack, within: Callable[[str], bool] = lambda _: True) -> float:
    """How many duplicates the running processes have absorbed, by their own count."""
    total = 0.0
    for service in ("intake", "router", "notifier"):
        for line in stack.http.get(stack.urls[service] + "/metrics").text.splitlines():
            if line.startswith("whistle_duplicates_absorbed_total{") and within(line):
                total += float(line.rpartition(" ")[2])
    return total
