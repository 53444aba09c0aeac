"""The second act: nobody signs, the stack's clock is moved, and the case climbs as its commitment says."""

from contextlib import ExitStack
from datetime import timedelta

from deploy.cli.api import JsonObject
from deploy.cli.screen import moment, span
from deploy.demo.play import Play, Played
from deploy.demo.scenes import Scene
from deploy.demo.stream import watching

MARGIN = timedelta(seconds=1)


def neglected(play: Play, scene: Scene) -> Played:
    """Plays the act and checks each step by what the services answer. Unmet at the first that fails."""
    app = play.app("app_key_2")
    receipt = play.report(app, {**scene.report, "reporter": {"ref": "rider-0588"}}, key="demo-2")
    view = play.routed(app, receipt["id"])
    played = Played(scene.words, app, receipt["id"], view["case"]["id"])
    here = view["unit"]["id"]
    play.notes.expect(here == scene.unit, f"in the queue of {play.unit(here)}, and nobody signs", view["unit"])
    clock = _clock(play, played)
    if clock["warn_at"] is not None:
        _forward(play, clock["warn_at"])
        play.notes.until(lambda: _clock(play, played)["warned"], "the acknowledge clock warns")
        play.notes.expect(True, f"warned, {span(_seconds(clock['warn_at'], clock['due_at']))} before it is due")
    with ExitStack() as screens:
        old = screens.enter_context(watching(play.viewer(here).api, here))
        steps = [(clock["due_at"], None), *((rung["at"], n) for n, rung in enumerate(clock["rungs"]))]
        for at, rung in sorted(steps, key=lambda step: (moment(step[0]), step[1] is not None)):
            _forward(play, at)
            if rung is None:
                play.notes.until(lambda: _clock(play, played)["state"] == "breached", "the clock is breached")
                play.notes.expect(True, "breached: a fact on the record, never erased")
            elif _climbed(play, played, rung) and play.case(played.case)["unit"] != here:
                play.notes.until(lambda: old.of(played.case, "left"), f"it leaves the screen of {play.unit(here)}")
                break
    _where_it_is(play, played, here)
    return played


def _clock(play: Play, played: Played) -> JsonObject:
    """The acknowledge clock as the router explains it."""
    clocks = play.explained(played.case)["clocks"]
    found: JsonObject = next(clock for clock in clocks if clock["kind"] == "acknowledge")
    return found


def _forward(play: Play, at: str) -> None:
    """Move the stack's clock to just after ``at``, if it is not there yet."""
    ahead = moment(at) - play.now + MARGIN
    if ahead > timedelta():
        play.ops.post("router", "/v1/dev/clock", {"forward": f"PT{ahead.total_seconds():.0f}S"})


def _climbed(play: Play, played: Played, number: int) -> bool:
    """Await a rung and the alerts that it sends; says what it did."""

    def fired() -> JsonObject | None:
        rung: JsonObject = _clock(play, played)["rungs"][number]
        return rung if "fired_at" in rung else None

    rung = play.notes.until(fired, f"rung {number + 1} of the ladder fires")
    unit = rung["unit"]["id"]
    at = moment(rung["fired_at"])
    people = {person.id for person in play.pack.on_duty(unit, at, "A") or play.pack.on_duty(unit, at)}
    told = {
        "tell": f"{play.unit(unit)} is told",
        "supervise": f"{play.unit(unit)} supervises",
        "move_to": f"the case moves to {play.unit(unit)}",
    }[rung["act"]]

    def alerted() -> bool:
        found = {a["recipient"] for a in play.alerts(played.case) if a["event_type"] == "case.escalated.v1"}
        return people <= found

    play.notes.until(alerted, f"alerts for {', '.join(sorted(people))}")
    play.notes.expect(True, f"{told}; alerts: {', '.join(p.name for p in play.officers(sorted(people))) or 'nobody'}")
    return bool(rung["act"] == "move_to")


def _where_it_is(play: Play, played: Played, before: str) -> None:
    """The case is in one queue, and its reporter sees which."""
    unit = play.case(played.case)["unit"]
    queued = play.row(unit, played.case) is not None
    play.notes.expect(queued, f"in the queue of {play.unit(unit)} now, its clocks go on")
    if unit != before:
        play.notes.expect(play.row(before, played.case) is None, f"and no longer in that of {play.unit(before)}")
    path = f"/v1/reports/{played.report}"
    play.notes.until(lambda: played.app.get("intake", path)["unit"]["id"] == unit, "the reporter sees who has it")


def _seconds(start: str, end: str) -> float:
    return (moment(end) - moment(start)).total_seconds()
