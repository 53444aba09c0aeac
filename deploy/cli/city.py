"""``whistle city check`` and what ``whistle locate`` prints: pure and local, no service is asked."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from deploy.counting import counted
from shared.city.checks.rota import check_rota
from shared.city.place.locating import Located
from shared.city.problems import PackProblems
from shared.city.reading import read_folder, read_pack

ONE_OF = {
    "units": "unit",
    "categories": "category",
    "commitments": "commitment",
    "people": "person",
    "places": "place",
}
"""What is counted in a pack → its word for one."""

city_app = typer.Typer(name="city", help="City packs: check and load.", no_args_is_help=True)


@city_app.command("check")
def check(
    folder: Annotated[Path, typer.Argument(help="the pack's folder")],
    json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Validate a pack: every error at once, with file and place. Exits 1 when there are errors."""
    report = checked(folder)
    if json:
        print(msgspec.json.encode(report).decode())
    else:
        for kind in ("errors", "warnings"):
            for problem in report[kind]:
                print(f"{kind[:-1]}: {problem}")
        print(_summary(report))
    if report["errors"]:
        raise typer.Exit(1)


def checked(folder: Path) -> dict[str, Any]:
    """``{"ok", "city", "version", "errors", "warnings", "counts"}``; problems have file, place, message and hint."""
    try:
        pack = read_pack(read_folder(folder))
        holes, warnings = check_rota(pack, datetime.now(UTC))
        if holes:
            raise PackProblems(holes)
    except PackProblems as found:
        return {"ok": False, "city": None, "version": None, "errors": found.problems, "warnings": [], "counts": {}}
    counts = {
        "units": len(pack.units),
        "categories": len(pack.categories),
        "commitments": len(pack.commitments),
        "people": len(pack.people),
        "places": len(pack.places),
    }
    return {
        "ok": True,
        "city": pack.city.id,
        "version": pack.version,
        "errors": [],
        "warnings": [*pack.warnings, *warnings],
        "counts": counts,
    }


def describe(located: Located) -> list[str]:
    """The lines that ``whistle locate`` prints: who answers, and why."""
    lines = [f"{' > '.join(located.path)}", f"by {located.by}"]
    if located.within and located.within != located.unit:
        lines.append(f"within {located.within}")
    if located.place:
        lines.append(f"place {located.place}")
    if located.near_border:
        lines.append("near a border" + (f" with {', '.join(located.near)}" if located.near else ""))
    if located.flags:
        lines.append(f"flags {', '.join(located.flags)}")
    return [*lines, *(f"because {fact}" for fact in located.why)]


def _summary(report: dict[str, Any]) -> str:
    if not report["ok"]:
        return f"{counted(len(report['errors']), 'error')}: the pack cannot be used"
    counts = ", ".join(counted(count, ONE_OF.get(name, name), name) for name, count in report["counts"].items())
    return f"{report['city']} version {report['version']}: {counts}; {counted(len(report['warnings']), 'warning')}"
