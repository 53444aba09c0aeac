"""``whistle audit verify``: whether histories are as they were written."""

import typer

from deploy.cli.api import Api, Failed, JsonObject
from deploy.cli.screen import show_json
from deploy.cli.terminal import out
from deploy.counting import counted


def verify(api: Api, case: str | None, everything: bool, as_json: bool) -> None:
    """Print the verdict, and end with 1 when something was altered. Failed when neither a case nor all are meant."""
    if (case is None) != everything:
        raise Failed("say which: `whistle audit verify CASE`, or --all")
    told = _all(api) if case is None else _one(api.get("router", f"/v1/cases/{case}/audit"))
    if as_json:
        show_json(told)
    else:
        for bad in told["items"]:
            out.print(f"✗ {bad['case']}: {bad['entry']} {bad['wrong']}")
        if not told["items"]:
            entries = counted(told["entries"], "entry", "entries")
            are = "is as it was" if told["cases"] == 1 else "are as they were"
            out.print(f"✓ {counted(told['cases'], 'case')} with {entries} {are} written")
    if told["items"]:
        raise typer.Exit(1)


def _one(verdict: JsonObject) -> JsonObject:
    items = [verdict] if "wrong" in verdict else []
    return {"cases": 1, "entries": verdict["entries"], "head": verdict["head"], "items": items}


def _all(api: Api) -> JsonObject:
    told: JsonObject = {"cases": 0, "entries": 0, "items": []}
    after: str | None = ""
    while after is not None:
        page = api.get("router", "/v1/audit", after=after)
        told = {name: told[name] + page[name] for name in told}
        after = page["next"]
    return told
