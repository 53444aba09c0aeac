"""Refusals: as the code raises them, and as a service answers them."""

from typing import Any

import pytest

from shared.kernel.errors import Refusal


def refused(status: int) -> "pytest.RaisesExc[Refusal]":
    """Expects that the block raises a refusal of that status."""
    return pytest.raises(Refusal, check=lambda refusal: refusal.status == status)


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The problem document of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= set(found)
    return found


def pointers(answer: Any) -> set[str]:
    """JSON pointers of the fields that a 422 names."""
    return {error["pointer"] for error in problem(answer, 422)["errors"]}
