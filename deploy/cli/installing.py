"""``whistle city load``, ``key …`` and ``clock forward``: what an installation is given."""

import os
import sys
from pathlib import Path

import typer

from deploy.cli.api import Api, Failed, JsonObject, Refused
from deploy.cli.screen import show_json
from deploy.cli.story.asking import local_time, zone_of
from deploy.cli.terminal import err, out
from deploy.counting import counted
from deploy.local.state import keep_city_tokens
from shared.city.problems import PackProblems
from shared.city.reading import read_folder
from shared.runtime.identity.tokens import ops_token


def load(api: Api, folder: Path, as_json: bool, ends_demonstration: str | None = None) -> None:
    """Load the pack in ``folder`` as the version that holds from now on. Refused with every error of the pack.

    A demonstration that would come into use is asked about twice, unless ``ends_demonstration`` is its id.
    On a local stack for development `dev.json` gets the tokens of the city's people.
    """
    try:
        files = read_folder(folder)
    except PackProblems as problems:
        raise Failed(str(problems)) from problems
    told = _loaded(api, files, ends_demonstration)
    if api.shown.dev is not None:
        tokens: JsonObject = api.post("router", "/v1/dev/tokens", {"city": told["city"]})
        keep_city_tokens(api.shown.dev, tokens)
    if as_json:
        show_json(told)
        return
    for warning in told["warnings"]:
        err.print(f"! {warning}")
    out.print(f"{told['city']} version {told['version']} holds now: {counted(told['units'], 'unit')}")
    if api.shown.dev is not None:
        out.print(f"development tokens: {api.shown.dev}")


def _loaded(api: Api, files: dict[str, str], ends_demonstration: str | None) -> JsonObject:
    """What the router answers. Failed where a demonstration would end and somebody says no, or nobody can be asked."""
    body: JsonObject = {"files": files}
    if ends_demonstration is not None:
        body["ends_demonstration"] = ends_demonstration
    try:
        told: JsonObject = api.post("router", "/v1/cities", body)
    except Refused as refused:
        if refused.kind != "demonstration-ends" or not sys.stdin.isatty():
            hint = "\n  whistle city load DIR --ends-demonstration CITY" if refused.kind == "demonstration-ends" else ""
            raise Failed(f"{refused}{hint}") from refused
        city = str(refused.problem.get("city", ""))
        if not (_agreed(city) and typer.prompt(f"Write the city's id ({city}) to put it into use") == city):
            raise Failed("nothing was loaded; the city is a demonstration as before") from refused
        return _loaded(api, files, city)
    return told


def _agreed(city: str) -> bool:
    asked = f"{city} is a demonstration. From now on its people would be told of every report, day and night. Go on?"
    return typer.confirm(asked, default=False)


def new_key(api: Api, name: str, role: str, city: str | None, as_json: bool) -> None:
    """Make a key for an app of a city; it is shown this once. Without ``city`` the only one that is loaded."""
    told: JsonObject = api.post("router", "/v1/keys", {"name": name, "role": role, "city": city or only_city(api)})
    if as_json:
        show_json(told)
        return
    err.print(f"key of {told['name']} ({told['role']}, {told['city']}); it is not shown again:")
    out.print(told["key"])


def show_keys(api: Api, city: str | None, role: str | None, as_json: bool) -> None:
    """Who has a key (of ``role``): names, roles and who made it; never the keys themselves."""
    items: list[JsonObject] = []
    cursor = None
    while cursor is not None or not items:
        told = api.get("router", "/v1/keys", city=city, limit=200, cursor=cursor)
        items, cursor = [*items, *told["items"]], told["next"]
        if not told["items"]:
            break
    items = [key for key in items if role in (None, key["role"])]
    if as_json:
        show_json(items)
        return
    zone = zone_of(api, city)
    if items:
        err.print(f"times are {zone}")
    for key in items:
        state = f"revoked {local_time(key['revoked_at'], zone)}" if key["revoked_at"] else "holds"
        made = f"made {local_time(key['created_at'], zone)} by {key['made_by'] or '?'}"
        out.print(f"{key['id']}  {key['city']}  {key['role']}  {key['name'] or '(no name)'}  {made}  {state}")


def revoke(api: Api, name: str | None, id_: str | None, role: str | None, city: str | None, as_json: bool) -> None:
    """Revoke the keys of a name, or one by its id. Failed when no key that holds is meant."""
    if (name is None) == (id_ is None):
        raise Failed("say which: `whistle key revoke NAME`, or --id ID as `whistle key list` shows it")
    meant = {"name": name, "id": id_, "role": role, "city": city or only_city(api)}
    told: JsonObject = api.post("router", "/v1/keys:revoke", {k: v for k, v in meant.items() if v is not None})
    if as_json:
        show_json(told)
    if not told["revoked"]:
        raise Failed(f"no key that holds is {name or id_} in {meant['city']}")
    if not as_json:
        out.print(f"revoked: {told['revoked']}; nothing opens with them within five seconds")


def show_ops_token(api: Api) -> None:
    """Print the ops token that holds now. Refused when neither token nor secret are this installation's."""
    api.get("router", "/v1/me")
    out.print(api.token)


def rotate(api: Api, as_json: bool) -> None:
    """The installation's ops token and the one of its services end; new ones follow from its secret.

    A local stack's `dev.json` gets the new one. It is printed only where the old one came from the environment.
    """
    told: JsonObject = api.post("router", "/v1/keys:rotate")
    secret = api.shown.secret
    if secret:
        api.shown.renew(ops_token(secret, int(told["generation"])))
    if as_json:
        show_json(told)
        return
    out.print(f"generation {told['generation']} holds; the tokens of before open nothing within five seconds")
    if os.environ.get("WHISTLE_OPS_TOKEN"):
        err.print("WHISTLE_OPS_TOKEN is from now on:" if secret else "set WHISTLE_SECRET to be shown the new ops token")
        if secret:
            out.print(api.token)


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
