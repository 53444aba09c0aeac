"""``whistle retention run``: what is older than the pack keeps it is deleted, or counted."""

from deploy.cli.api import SERVICES, Api, JsonObject
from deploy.cli.screen import show_json
from deploy.cli.terminal import out


def run(api: Api, city: str | None, dry_run: bool, as_json: bool) -> None:
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
