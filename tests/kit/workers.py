"""How the workers of ``pytest -n`` divide the tests: whoever shares servers stays together; each server starts once."""

from xdist.scheduler import LoadScopeScheduling

SHARED = {"attacks": "stack", "clients": "stack", "docs": "stack", "flows": "stack", "stores": "stores"}
"""Folder → the servers that its tests share. Elsewhere each file is for itself."""
ON_THEIR_OWN = frozenset(
    {
        "attacks/test_schemathesis.py",
        "flows/test_backup.py",
        "flows/test_bulk_import.py",
        "flows/test_channels.py",
        "flows/test_clocks.py",
        "flows/test_demo.py",
        "flows/test_local_runtime.py",
        "flows/test_own_servers.py",
        "flows/test_telemetry.py",
    }
)
"""Files that start servers of their own, wherever they lie."""


class ByServers(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Groups by name: xdist's own ``loadgroup`` knows none with pytest 9.2 (pytest-dev/pytest-xdist#1386)."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0].removeprefix("tests/")
        return file if file in ON_THEIR_OWN else SHARED.get(file.partition("/")[0], file)
