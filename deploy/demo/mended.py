"""The first act: a hazard is reported, claimed with one press, seen to, inspected, closed and rated."""

from typing import Any

from deploy.cli.api import Api, JsonObject
from deploy.counting import counted
from deploy.demo.expect import Unmet
from deploy.demo.photo import jpeg, tells_where
from deploy.demo.play import Officer, Play, Played
from deploy.demo.scenes import Scene
from deploy.demo.stream import Screen, watching

BEFORE, AFTER = ((92, 96, 102), (120, 170, 220)), ((150, 146, 138), (168, 160, 150))
"""Colours of the photos: a wet wall and a dry one."""


def mended(play: Play, scene: Scene) -> Played:
    """Plays the act and checks each step by what the services answer. Unmet at the first that fails."""
    rider = play.app("app_key")
    hook = rider.post("notifier", "/v1/webhooks", {"url": play.receiver.url, "types": []})
    play.receiver.secret = hook["secret"]
    desk = play.viewer(scene.unit)
    with watching(desk.api, scene.unit) as screen:
        played = _reported(play, scene, rider, desk, screen, hook["id"])
        claimer = _claimed(play, scene, played)
        photo = _worked(play, played, claimer)
        _judged(play, played, claimer, screen)
    shown = play.notes.until(lambda: _picture(rider, photo), "the rider's app may see the photo of the repair")
    play.notes.expect(not tells_where(shown), "the rider sees the photo of the repair, without its position")
    _told_by_webhook(play, played)
    return played


def _reported(play: Play, scene: Scene, rider: Api, desk: Officer, screen: Screen, hook: str) -> Played:
    picture = jpeg(*BEFORE)
    photo = _uploaded(rider, picture)
    body = {**scene.report, "photos": [photo], "reporter": {"ref": "rider-0417"}, "channel": "app"}
    receipt = play.report(rider, body, key="demo-1")
    view = play.routed(rider, receipt["id"])
    case = view["case"]["id"]
    play.notes.expect(bool(view["message"]), f"the reporter reads: {view['message']}")
    row = play.notes.until(lambda: screen.of(case), f"the case on the duty screen of {play.unit(scene.unit)}")
    play.notes.expect(row["unit"] == scene.unit, f"on the duty screen of {play.unit(scene.unit)}, live", row)
    clocks = {clock["kind"]: clock["state"] for clock in (play.row(scene.unit, case) or {"clocks": []})["clocks"]}
    running = bool(clocks) and set(clocks.values()) == {"running"}
    play.notes.expect(running, f"in its queue, with clocks running: {', '.join(clocks)}", clocks)
    shown = play.notes.until(lambda: _picture(desk.api, photo), "the photo is cleaned")
    clean = tells_where(picture) and not tells_where(shown)
    play.notes.expect(clean, "its photo can be seen, and no longer says where the phone was")
    return Played(scene.words, rider, receipt["id"], case, hook)


def _claimed(play: Play, scene: Scene, played: Played) -> Officer:
    """The desk's alert holds a link: looking changes nothing, one press claims, a late press is told who has it."""
    at = play.now
    ground = scene.within or scene.unit
    wanted = {p.id for p in (*play.pack.on_duty(scene.unit, at, "A"), *play.pack.on_duty(ground, at, "B"))}

    def told() -> list[Officer] | None:
        people = [alert["recipient"] for alert in play.alerts(played.case)]
        return play.officers(dict.fromkeys(people)) if people and wanted <= set(people) else None

    people = sorted(play.notes.until(told, f"alerts for {', '.join(sorted(wanted))}"), key=lambda p: p.post or "Z")
    for person in people:
        play.notes.expect(True, f"alert for post {person.post or '–'}: {person.name} ({person.unit})")
    claimer = play.able(played.case, "claim", people)
    links = {person.id: _link(person, played.case) for person in people}
    if claimer.id not in links:
        raise Unmet(f"an alert for somebody who may claim; {claimer.id} may, but was told nothing")
    before = play.case(played.case)["version"]
    page = play.ops.http.get(links[claimer.id])
    same = page.status_code == 200 and play.case(played.case)["version"] == before
    play.notes.expect(same, "the alert's link shows the case; looking changes nothing", page.status_code)
    pressed = play.ops.http.post(links[claimer.id])
    case = play.case(played.case)
    has = pressed.status_code == 200 and (case["state"], case["claimed_by"]) == ("claimed", claimer.id)
    play.notes.expect(has, f"one press: {claimer.name} has claimed it", (pressed.status_code, case["state"]))
    for late in [link for person, link in links.items() if person != claimer.id][:1]:
        answer = play.ops.http.post(late)
        play.notes.expect(answer.status_code == 409, "a second press by another comes too late", answer.status_code)
    return claimer


def _link(person: Officer, case: str) -> str:
    """The one-press link of a person's alert about the case."""
    (alert,) = person.api.get("notifier", "/v1/alerts", case=case, state="sent", limit=1)["items"]
    return str(alert["link"])


def _worked(play: Play, played: Played, claimer: Officer) -> str:
    """Somebody goes there, begins and ends the work; answers the id of the photo of the repair."""
    ground = [p for p in play.officers(a["recipient"] for a in play.alerts(played.case)) if p.post == "B"]
    goer = play.able(played.case, "on_site", [*ground, claimer])
    seen = play.case(played.case)
    (photo,), where = seen["photos"], seen["location"]
    play.notes.until(lambda: _picture(goer.api, photo), f"{goer.name}, who goes there, sees the rider's photo")
    point = {name: where[name] for name in ("lon", "lat", "crs")} if where["lon"] is not None else None
    _command(play, goer, played, "on_site", {"location": point} if point else {}, "on_site")
    _command(play, goer, played, "start", {}, "in_progress")
    after = _uploaded(goer.api, jpeg(*AFTER))
    text = play.said("已处置完毕，现场恢复正常", "Repaired, and looked at for a while")
    _command(play, goer, played, "resolve", {"how": "repair", "text": text, "photos": [after]}, "resolved")
    return after


def _judged(play: Play, played: Played, claimer: Officer, screen: Screen) -> None:
    """Another person inspects, the desk closes, the reporter is told and rates."""
    inspector = play.able(played.case, "inspect", [claimer])
    text = play.said("邻居看过，问题已解决", "The neighbours agree that it is gone")
    _command(play, inspector, played, "inspect", {"ok": True, "text": text}, "resolved")
    resolver = play.case(played.case)["resolved_by"]
    play.notes.expect(inspector.id != resolver, "who inspected is not who resolved", inspector.id)
    _command(play, play.able(played.case, "close", [claimer]), played, "close", {}, "closed")
    play.notes.until(lambda: screen.of(played.case, "left"), "the case leaves the duty screen")
    path = f"/v1/reports/{played.report}"
    play.notes.until(lambda: played.app.get("intake", path)["status"] == "closed", "the reporter sees it closed")
    rating = {"score": 3, "text": play.said("来得很快", "They came at once")}
    played.app.post("intake", f"{path}/rating", rating, key="demo-rating")
    play.notes.until(lambda: play.case(played.case)["rating"] == rating["score"], "the rating reaches the case")
    play.notes.expect(True, "closed on the reporter's page and off the duty screen; rated satisfied")


def _command(play: Play, officer: Officer, played: Played, name: str, body: JsonObject, state: str) -> None:
    case = officer.api.post("router", f"/v1/cases/{played.case}/{name}", body)
    play.notes.expect(case["state"] == state, f"{name} by {officer.name}: {state}", case["state"])


def _uploaded(who: Api, picture: bytes) -> str:
    headers = {"content-type": "image/jpeg"}
    answer = who.send("POST", "intake", "/v1/photos", content=picture, headers=headers)
    if answer.status_code != 201:
        raise Unmet("a photo is taken", f"{answer.status_code} {answer.text}")
    return str(answer.json()["id"])


def _picture(who: Api, photo: str) -> bytes | None:
    """The cleaned picture, once it can be seen."""
    answer = who.send("GET", "intake", f"/v1/photos/{photo}")
    return answer.content if answer.is_success else None


def _told_by_webhook(play: Play, played: Played) -> None:
    """Every line of the case's history has reached the app, signed, with the version it made."""
    lines = {(line["what"], line["version"]) for line in play.history(played.case)}

    def missing() -> set[Any]:
        return lines - {(r.type, r.version) for r in play.receiver.received if r.case == played.case}

    play.notes.until(lambda: not missing(), "a webhook for every step")
    told = f"the rider's app was told each of {counted(len(lines), 'step')} by signed webhook"
    play.notes.expect(play.receiver.forged == 0, told, f"{play.receiver.forged} with a wrong signature")
