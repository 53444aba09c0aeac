"""``whistle officer …``: invitations, and sessions, of people of a city's pack."""

import segno

from deploy.cli.api import Api, JsonObject
from deploy.cli.installing import only_city
from deploy.cli.screen import show_json
from deploy.cli.story.asking import local_time, zone_of
from deploy.cli.terminal import err, out


def invite(api: Api, person: str, city: str | None, as_qr: bool, as_json: bool) -> None:
    """Make an address at which ``person`` sets a password, once; one that was open is void. It is shown this once.

    ``as_qr``: as a QR code too, for a printer or the person's telephone.
    """
    told: JsonObject = api.post("router", "/v1/invitations", {"person": person, "city": city or only_city(api)})
    if as_json:
        show_json(told)
        return
    zone = zone_of(api, told.get("city", city))
    err.print(f"for {told['person']} alone, until {local_time(told['expires_at'], zone)} ({zone}):")
    out.print(told["url"], soft_wrap=True)
    if as_qr:
        segno.make(told["url"], error="m").terminal(compact=True)


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
