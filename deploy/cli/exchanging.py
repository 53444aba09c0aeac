"""``whistle exchange``: a unit's items as the sheet of a county platform, and its sheet back, in an officer's name."""

import base64
from pathlib import Path

from deploy.cli.api import Api, Failed, JsonObject, Refused
from deploy.cli.screen import show_json
from deploy.cli.terminal import err, out
from deploy.counting import counted

SECONDS = 600.0
FORMATS = ("xlsx", "csv")


def send_out(
    api: Api,
    file: Path,
    bridge: str | None,
    unit: str | None,
    since: str | None,
    until: str | None,
    reporters: bool,
) -> None:
    """Write the sheet to ``file``, as its name ends. Failed for another ending; an existing file is replaced whole."""
    query = {"format": _format(file), "unit": unit, "since": since, "until": until}
    params = {name: value for name, value in query.items() if value is not None}
    if reporters:
        params["reporters"] = "true"
    path = f"/v1/bridges/{bridge or _only_bridge(api)}/sheet"
    answer = api.send("GET", "router", path, params=params, timeout=SECONDS)
    if not answer.is_success:
        raise Refused(f"GET {path}", answer)
    _write(file, answer.content)
    out.print(f"{file}: {counted(int(answer.headers['whistle-rows']), 'item')}")


def bring_in(api: Api, file: Path, bridge: str | None, result: Path | None, as_json: bool) -> bool:
    """Send ``file``; print what became of its rows, and write it to ``result``. Whether all were dealt with."""
    params = {"result": _format(result)} if result is not None else {}
    try:
        content = file.read_bytes()
    except OSError as wrong:
        raise Failed(f"{file} cannot be read: {wrong.strerror}") from wrong
    path = f"/v1/bridges/{bridge or _only_bridge(api)}/sheet"
    answer = api.send("POST", "router", path, params=params, content=content, timeout=SECONDS)
    if not answer.is_success:
        raise Refused(f"POST {path}", answer)
    told: JsonObject = answer.json()
    sheet = told.pop("result_sheet", None)
    if result is not None and sheet is not None:
        _write(result, base64.b64decode(sheet))
    if as_json:
        show_json(told)
    else:
        _show(told)
    return bool(told["wrong"] == 0)


def _show(told: JsonObject) -> None:
    """A line for each problem, then the counts."""
    for item in told["items"]:
        for problem in item.get("problems", ()):
            where = f"{item['row']} {problem['column']}".strip()
            err.print(f"{where}: {problem['says']} {problem['do']}")
    out.print(told["says"])


def _only_bridge(api: Api) -> str:
    """The city's bridge, where it has one. Failed for none, or several."""
    ids = [str(item["id"]) for item in api.get("router", "/v1/bridges")["items"]]
    if len(ids) != 1:
        raise Failed(f"the city's bridges.yaml has {', '.join(ids) or 'no bridge'}: say which with --bridge")
    return ids[0]


def _format(file: Path) -> str:
    ending = file.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise Failed(f"{file}: a sheet's name ends with .xlsx or .csv")
    return ending


def _write(file: Path, content: bytes) -> None:
    """The whole file or none of it."""
    beside = file.with_name(f".{file.name}.part")
    try:
        beside.write_bytes(content)
        beside.replace(file)
    except OSError as wrong:
        raise Failed(f"{file} cannot be written: {wrong.strerror}") from wrong
