"""The generated pages of ``docs/``: ``python -m tests.contract.documents`` writes them, a test compares them."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
from pydantic import AwareDatetime

from shared.contracts import cases
from shared.runtime.kafka import asyncapi
from shared.runtime.service import VERSION, Service
from shared.runtime.settings import Settings
from tests.contract.told_table import told
from tests.kit.declared_answers import assembled
from tests.kit.stack import ROOT

DOCS = ROOT / "docs"
BY_HAND = "## What `whistle up` sets itself"
SETTINGS = Settings(
    kafka="127.0.0.1:8810",
    mongo="mongodb://127.0.0.1:8811/?replicaSet=rs0",
    namespace="whistle",
    secret="-" * 32,  # type: ignore[arg-type]
    dev_tokens=False,
    test_at=None,
    mongo_driver="pymongo",
)
"""What the pages are generated with, whatever the environment says."""


@cache
def services() -> Mapping[str, Service]:
    """Every service that is assembled by an ``app`` module, not started."""
    return assembled(SETTINGS)


def openapi(name: str) -> str:
    return _json(services()[name].openapi())


def events() -> str:
    return _json(asyncapi.document([service.broker for service in services().values()], SETTINGS, VERSION))


def case_fields() -> str:
    """``docs/asyncapi/case-events.md``."""
    own = get_args(cases.OwnField)
    rows = (
        f"| `{type_}` | " + " | ".join("•" if name in carried else " " for name in own) + " |"
        for type_, carried in cases.CARRIES.items()
    )
    common = ", ".join(f"`{name}`" for name in cases.COMMON_FIELDS)
    return "\n".join(
        [
            "# Fields of a case's events",
            "",
            "Every event of a case may carry",
            f"{common}.",
            "A dot shows which further fields a type may carry; a field that says nothing is absent. `whistle.json`",
            "has their shapes. This page is generated from `shared/contracts/cases.py`.",
            "",
            "| type | " + " | ".join(f"`{name}`" for name in own) + " |",
            "| --- |" + " :-: |" * len(own),
            *rows,
            "",
        ]
    )


def settings() -> str:
    """``docs/settings.md``: the table, then what is written by hand from ``BY_HAND`` on."""
    by_hand = (DOCS / "settings.md").read_text(encoding="utf-8").partition(BY_HAND)[2]
    rows = []
    for name, field in Settings.model_fields.items():
        given = field.get_default()
        default = "" if given is None else str(int(given)) if isinstance(given, bool) else str(given)
        shown = "" if not default.strip("*") else f"`{default}`"
        setting = field.validation_alias or f"WHISTLE_{name.upper()}"
        rows.append(f"| `{setting}` | {_kind(field.annotation)} | {shown} | {field.description} |")
    return (
        "\n".join(
            [
                "# Settings",
                "",
                "Every service reads its settings once, at start, from the environment. Each has a default that works",
                "locally, except the secret, which `whistle up` makes. The table is generated from",
                "`shared/runtime/settings.py`; under `whistle up` some defaults are others (below).",
                "",
                "| setting | values | default | meaning |",
                "| --- | --- | --- | --- |",
                *rows,
                "",
                BY_HAND,
            ]
        )
        + by_hand
    )


def _kind(annotation: Any) -> str:
    if annotation == AwareDatetime | None:
        return "time"
    values = getattr(annotation, "__args__", None)
    if values:
        return ", ".join(f"`{value}`" for value in values)
    return {"str": "text", "int": "number", "bool": "`0`, `1`", "SecretStr": "secret text"}[annotation.__name__]


def pages() -> dict[Path, str]:
    """Each generated page with what it must say."""
    return {
        **{DOCS / "openapi" / f"{name}.json": openapi(name) for name in services()},
        DOCS / "asyncapi" / "whistle.json": events(),
        DOCS / "asyncapi" / "case-events.md": case_fields(),
        DOCS / "settings.md": settings(),
        DOCS / "told.md": told(),
    }


def _json(document: Any) -> str:

    plain = msgspec.to_builtins(document)
    return json.dumps(plain, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
