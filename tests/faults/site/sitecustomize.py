"""Lets a test plant a fault in a service's process: Python imports this at start, by PYTHONPATH."""

import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from types import ModuleType


class _AfterTheApp(importlib.abc.MetaPathFinder):
    """Plants once ``services.<name>.app``, and so everything that it uses, has been imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not (name.startswith("services.") and name.endswith(".app")):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            from tests.faults.planted import plant

            plant(name.split(".")[1])

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if "PLANTED" in os.environ:
    sys.meta_path.insert(0, _AfterTheApp())
