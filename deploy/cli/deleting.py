"""``whistle person erase`` and ``whistle retention run``: what is deleted by hand, or by age."""

from deploy.cli.api import SERVICES, Api, JsonObject
from deploy.cli.screen import show_json
from deploy.cli.terminal import out
from deploy.counting import counted


def erase(api: Api, city: str, app: str, ref: str, now: bool, as_json: bool) -> None:
    """Erase the person whom ``app`` calls ``ref``; ``now``: the master key goes at once, not within a day.

    Refused when there is no such city or app; then no key is destroyed either.
    """
    told = api.post("intake", "/v1/reporters:erase", {"city": city, "app": app, "ref": ref})
    if now:
        told |= {"keys": api.post("intake", "/v1/reporters:rewrap", {})}
    if as_json:
        show_json(told)
    else:
        out.print(f"{told['reporter']}: {'erased' if told['erased'] else 'nothing was kept of this person'}")
        if now:
            keys = told["keys"]
            gone = ", ".join(map(str, keys["destroyed"])) or "none"
            others = counted(keys["rewrapped"], "key of others is", "keys of others are")
            out.print(f"master keys destroyed: {gone}; {others} under {keys['generation']} now")


def sweep(api: Api, city: str | None, dry_run: bool, as_json: bool) -> None:
    """Ask every service, and print what went by city and kind. Refused for a city that is not loaded."""
    items: list[JsonObject] = []
    for service in SERVICES:
        told = api.post(service, "/v1/retention:run", {"dry_run": dry_run, "city": city})
        items += [{"service": service, **item} for item in told["items"]]
    if as_json:
        show_json({"dry_run": dry_run, "items": items})
        return
    would = "would be deleted" if dry_run else "deleted"
    for item in items:
        out.print(
            f"{item['city']} {item['kind']}: {item['count']} {would} (before {item['before'][:10]}, {item['kept']})"
        )
    if not items:
        out.print("no pack says how long anything is kept")
