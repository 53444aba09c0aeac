"""``whistle city load``, ``key new`` and ``clock forward``: what an installation is given."""

from pathlib import Path

from deploy.cli.api import Api, Failed, JsonObject
from deploy.cli.screen import show_json
from deploy.cli.terminal import err, out
from shared.city.problems import PackProblems
from shared.city.reading import read_folder


def load(api: Api, folder: Path, as_json: bool) -> None:
    """Load the pack in ``folder`` as the version that holds from now on. Refused with every error of the pack."""
    try:
        files = read_folder(folder)
    except PackProblems as problems:
        raise Failed(str(problems)) from problems
    told: JsonObject = api.post("router", "/v1/cities", {"files": files})
    if as_json:
        show_json(told)
        return
    for warning in told["warnings"]:
        err.print(f"! {warning}")
    out.print(f"{told['city']} version {told['version']} holds now: {told['units']} units")


def new_key(api: Api, name: str, role: str, city: str | None, as_json: bool) -> None:
    """Make a key for an app of a city; it is shown this once. Without ``city`` the only one that is loaded."""
    told: JsonObject = api.post("router", "/v1/keys", {"name": name, "role": role, "city": city or only_city(api)})
    if as_json:
        show_json(told)
        return
    err.print(f"key of {told['name']} ({told['role']}, {told['city']}); it is not shown again:")
    out.print(told["key"])


def forward(api: Api, by: str, as_json: bool) -> None:
    """Move the clock of every service forward. Failed where the stack is not for development."""
    answer = api.send("POST", "router", "/v1/dev/clock", json={"forward": by})
    if answer.status_code == 404:
        raise Failed("this stack's clock cannot be moved: only `whistle up` with development tokens has one")
    if not answer.is_success:
        raise Failed(answer.json().get("errors", [{"detail": answer.text}])[0]["detail"])
    told: JsonObject = answer.json()
    if as_json:
        show_json(told)
    else:
        ahead = float(told["shifted_seconds"])
        out.print(f"the stack's time is {told['now']}, {abs(ahead):.0f} s {'behind' if ahead < 0 else 'ahead'}")


def only_city(api: Api) -> str:
    """The city that is loaded. Failed when it is none or several."""
    cities = [item["city"] for item in api.get("router", "/v1/cities")["items"]]
    if len(cities) != 1:
        raise Failed(f"which city? loaded: {', '.join(cities) or 'none'}; say it with --city")
    return str(cities[0])
