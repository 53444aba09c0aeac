"""What both acts share: the stack by HTTP, the people with their tokens, and what is read back of a case."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy.cli.api import Api, JsonObject
from deploy.cli.screen import moment, named
from deploy.demo.expect import Expectations, Unmet
from deploy.demo.receiver import Receiver
from shared.city.pack import Pack


@dataclass(frozen=True)
class Officer:
    """Somebody of the pack's posts, with the token that opens the stack as that person."""

    id: str
    name: str
    post: str | None
    unit: str
    api: Api


@dataclass(frozen=True)
class Played:
    """What an act leaves behind: a report of ``app`` and its case, and what there was to hear of it."""

    scene: str
    app: Api
    report: str
    case: str
    webhook: str | None = None


@dataclass(frozen=True)
class Play:
    """A stack with one city. ``dev`` is its dev.json."""

    ops: Api
    dev: JsonObject
    pack: Pack
    receiver: Receiver
    notes: Expectations

    @property
    def chinese(self) -> bool:
        return self.pack.city.languages[0].startswith("zh")

    @property
    def now(self) -> datetime:
        """The stack's time, which may have been moved."""
        return moment(self.ops.get("router", "/v1/me")["now"])

    def said(self, chinese: str, english: str) -> str:
        """What people say, in the city's language."""
        return chinese if self.chinese else english

    def unit(self, id_: str) -> str:
        """A unit's name with its gloss."""
        unit = self.pack.units[id_]
        return named({"name": unit.name, "name_en": unit.name_en})

    def app(self, key: str) -> Api:
        """A rider app by the name of its key in dev.json."""
        return self.ops.with_token(self.dev[key])

    def officers(self, ids: Iterable[str] | None = None) -> list[Officer]:
        """Those of ``ids``, in that order; all people of the city without."""
        people = {person["id"]: person for person in self.dev["people"]}
        return [
            Officer(
                id=person["id"],
                name=self.pack.people[person["id"]].name,
                post=person["post"],
                unit=person["unit"],
                api=self.ops.with_token(person["token"]),
            )
            for person in (people[id_] for id_ in (people if ids is None else ids))
        ]

    def able(self, case: str, command: str, first: Iterable[Officer]) -> Officer:
        """Who may do ``command`` now: of ``first``, else of the case's unit, else of those above. Unmet if nobody."""
        path = self.case(case)["path"]
        others = sorted(
            (person for person in self.officers() if person.unit in path), key=lambda p: -path.index(p.unit)
        )
        for person in (*first, *others):
            answer = person.api.send("GET", "router", f"/v1/cases/{case}")
            if answer.is_success and command in answer.json()["commands"]:
                return person
        raise Unmet(f"somebody in the pack who may {command} the case at {self.unit(path[-1])}")

    def viewer(self, unit: str) -> Officer:
        """Somebody who may look at the unit's queue: of its own desk, else above. Unmet when the pack has nobody."""
        path = self.pack.units[unit].path
        people = [person for person in self.officers() if person.unit in path]
        if not people:
            raise Unmet(f"somebody in posts.yaml at {self.unit(unit)} or above it")
        return max(people, key=lambda person: path.index(person.unit))

    def row(self, unit: str, case: str) -> JsonObject | None:
        """The case's row in a unit's queue, if it is there."""
        rows: list[JsonObject] = self.ops.get("router", f"/v1/queues/{unit}/cases", limit=200)["items"]
        return next((row for row in rows if row["id"] == case), None)

    def case(self, id_: str) -> JsonObject:
        """The case as ops read it."""
        found: JsonObject = self.ops.get("router", f"/v1/cases/{id_}")
        return found

    def explained(self, id_: str) -> JsonObject:
        """The case's clocks and routing: ``GET /v1/cases/{id}/explain``."""
        found: JsonObject = self.ops.get("router", f"/v1/cases/{id_}/explain")
        return found

    def history(self, id_: str) -> list[JsonObject]:
        """Everything that happened to the case, oldest first."""
        found: list[JsonObject] = self.ops.get("router", f"/v1/cases/{id_}/history")["items"]
        return found

    def alerts(self, case: str) -> list[JsonObject]:
        """Alerts of the case, oldest first."""
        found: list[JsonObject] = self.ops.get("notifier", "/v1/alerts", case=case, limit=200)["items"]
        return sorted(found, key=lambda alert: (alert["at"], alert["id"]))

    def report(self, app: Api, body: JsonObject, key: str) -> JsonObject:
        """A report sent twice under one key, as a phone on a bad line does; the one receipt."""
        first: JsonObject = app.post("intake", "/v1/reports", body, key=key)
        again = app.send("POST", "intake", "/v1/reports", json=body, headers={"idempotency-key": key})
        same = again.json()["id"] == first["id"] and again.headers.get("idempotent-replayed") == "true"
        self.notes.expect(same, f"sent twice, taken once: {first['id']}", again.text)
        return first

    def routed(self, app: Api, report: str) -> JsonObject:
        """The report as its app sees it, once a unit has it."""

        def look() -> Any:
            view = app.get("intake", f"/v1/reports/{report}")
            return view if "case" in view else None

        found: JsonObject = self.notes.until(look, f"report {report} has a unit and clocks")
        return found
