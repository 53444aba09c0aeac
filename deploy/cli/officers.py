"""``whistle officer …``: invitations, and sessions, of people of a city's pack."""

import httpx
import segno

from deploy.cli.api import Api, Failed, JsonObject, Refused
from deploy.cli.installing import only_city
from deploy.cli.screen import show_json
from deploy.cli.story.asking import local_time, zone_of
from deploy.cli.terminal import err, out


def invite(api: Api, person: str, city: str | None, printed: bool, as_json: bool) -> None:
    """Make an address at which ``person`` sets a password, once; one that was open is void. It is shown this once.

    It is sent over the person's own channels. ``printed``: it is not, but shown, also as a QR code, for a printer or
    the person's telephone; so it is where the person has no channel.
    """
    body = {"person": person, "city": city or only_city(api), "printed": printed}
    told: JsonObject = _invited(api, body)
    if as_json:
        show_json(told)
        return
    zone = zone_of(api, told.get("city", city))
    until = f"{local_time(told['expires_at'], zone)} ({zone})"
    if sent := told.get("sent_by"):
        out.print(f"sent to {told['person']} by {', '.join(sent)}, until {until}; with --print it is shown")
        return
    if not printed:
        err.print(f"{told['person']} has no channel of his own in the pack: hand it over")
    err.print(f"for {told['person']} alone, until {until}:")
    out.print(told["url"], soft_wrap=True)
    if printed:
        segno.make(told["url"], error="m").terminal(compact=True)


def _invited(api: Api, body: JsonObject) -> JsonObject:
    """What the router answers. Failed where it knows no such city or person, saying what to do."""
    try:
        told: JsonObject = api.post("router", "/v1/invitations", body)
    except Refused as refused:
        if refused.status != httpx.codes.NOT_FOUND:
            raise
        cities = sorted(city["city"] for city in api.get("router", "/v1/cities")["items"])
        if body["city"] not in cities:
            known = ", ".join(cities) or "none is loaded: whistle city load DIR"
            raise Failed(f"there is no city {body['city']} here; cities: {known}") from refused
        raise Failed(str(refused.problem["detail"])) from refused
    return told


def sessions(api: Api, person: str, city: str | None, as_json: bool) -> None:
    """Where ``person`` is signed in."""
    city = city or only_city(api)
    query, zone = {"person": person, "city": city}, zone_of(api, city)
    items: list[JsonObject] = api.get("router", "/v1/sessions", **query)["items"]
    if as_json:
        show_json(items)
        return
    if items:
        err.print(f"times are {zone}")
    for one in items:
        since, used = (local_time(one[name], zone) for name in ("opened_at", "seen_at"))
        out.print(f"{one['id']}  since {since}  used {used}  {one['device'] or '(no name)'}")
    if not items:
        err.print(f"{person} is signed in nowhere")


def sign_out(api: Api, person: str, city: str | None) -> None:
    """End every session of ``person``."""
    query = {"person": person, "city": city or only_city(api)}
    api.delete("router", "/v1/sessions/all", **query)
    out.print(
        f"{person} is signed out everywhere within five seconds; the password still holds: invite anew to change it"
    )
