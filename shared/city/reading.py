"""Reads a city pack: from the text of its files to a checked ``Pack``, or all its problems. No network or database."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from shared.city import yaml_text
from shared.city.checks.all import check
from shared.city.limits import MOST_AREAS_BYTES, MOST_AREAS_VALUES, MOST_YAML_BYTES, NAME_SHOWN
from shared.city.pack import Pack
from shared.city.pack_files import AREAS, PackParser
from shared.city.place.tree import Tree, units_of
from shared.city.problems import PackProblems, Problem


def read_folder(path: Path) -> dict[str, str]:
    """File name → text, of ``*.yaml``, ``*.yml`` and ``*.geojson`` directly in ``path``; other files are ignored.

    Raises ``PackProblems`` when there is no such folder or a file is too large or not UTF-8.
    """
    if not path.is_dir():
        raise PackProblems([Problem(str(path), "", "no such folder")])
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for file in sorted(path.iterdir()):
        if file.suffix not in (".yaml", ".yml", ".geojson") or not file.is_file():
            continue
        try:
            if file.stat().st_size > _most(file.name):
                problems.append(Problem(file.name, "", f"larger than {_most(file.name) // 2**20} MiB"))
            else:
                files[file.name] = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            problems.append(Problem(file.name, "", f"not UTF-8: {error.reason} at byte {error.start}"))
    if problems:
        raise PackProblems(problems)
    return files


def read_pack(files: Mapping[str, str], *, checked: bool = False) -> Pack:
    """The pack in ``files`` (name → text). Raises ``PackProblems`` with every error found.

    ``checked``: it was loaded before and passed the checks of that time. Cases refer to it, so checks that were added
    since must not make it unreadable; they are skipped.
    """
    check_bytes(files)
    if not checked and sum(files.get(AREAS, "").count(sign) for sign in ",[{") > MOST_AREAS_VALUES:
        says = f"more than {MOST_AREAS_VALUES} values"
        raise PackProblems([Problem(AREAS, "", says, "leave out members and properties that nobody needs")])
    reading = PackParser(files, bounded=not checked)
    entries = reading.entries()
    if entries is not None and not checked and reading.fits:
        check(entries, reading)
    if reading.problems or entries is None:
        raise PackProblems(_with_lines(reading.problems, files))
    units = units_of(entries.units)
    tree = Tree(units, entries.city.root, entries.city.queue_levels)
    return Pack(entries, tree, version_of(reading.content), tuple(_with_lines(reading.warnings, files)))


def check_bytes(files: Mapping[str, str]) -> None:
    """Raises ``PackProblems`` for files that are larger than allowed; called before anything is parsed."""
    too_large = [
        Problem(name[:NAME_SHOWN], "", f"larger than {_most(name) // 2**20} MiB")
        for name, text in files.items()
        if len(text) > _most(name)
    ]
    if too_large:
        raise PackProblems(too_large)


def version_of(content: Mapping[str, Any]) -> str:
    """The version of parsed files: the first 16 hex digits of the SHA-256 of their canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()[:16]


def _most(name: str) -> int:
    return MOST_AREAS_BYTES if name == AREAS else MOST_YAML_BYTES


def _with_lines(problems: list[Problem], files: Mapping[str, str]) -> list[Problem]:
    """The problems with their line numbers added, where their place is in a YAML file."""
    problems = problems[: PackProblems.MOST]
    wanted: dict[str, set[str]] = {}
    for problem in problems:
        if problem.place.startswith("/") and problem.file.endswith(".yaml") and problem.file in files:
            wanted.setdefault(problem.file, set()).add(problem.place)
    lines = {file: yaml_text.lines(files[file], places) for file, places in wanted.items()}
    found = []
    for problem in problems:
        line = lines.get(problem.file, {}).get(problem.place)
        place = problem.place + (f" (line {line})" if line else "")
        found.append(Problem(problem.file, place, problem.message, problem.hint))
    return found
