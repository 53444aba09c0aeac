"""The servers that the fault tests share, and the seed and figures that are printed at the end."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.audit import DRAINED_WITHIN, Balance
from tests.faults.cluster import Cluster, cluster_on
from tests.faults.disk import SmallDisk
from tests.faults.servers import Servers, small_disk, three_of_each

SEED = int(os.environ.get("WHISTLE_FAULT_SEED") or random.SystemRandom().randrange(10**6))
_balances: list[tuple[str, Balance, float]] = []


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with three_of_each(tmp_path_factory.mktemp("servers")) as started:
        yield started


@pytest.fixture
def member_disk(servers: Servers) -> SmallDisk:
    """The one that holds the data of the first member."""
    return _or_said(servers.disk_of_member)


@pytest.fixture
def broker_disk(servers: Servers) -> SmallDisk:
    """The one that holds the data of the first broker."""
    return _or_said(servers.disk_of_broker)


@pytest.fixture
def log_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """One of the test's own."""
    disk = _or_said(small_disk(tmp_path / "disk", 50))
    yield disk
    disk.close()


def _or_said(disk: SmallDisk | str) -> SmallDisk:
    if isinstance(disk, SmallDisk):
        return disk
    pytest.skip(f"no disk can be filled on this machine: {disk}")


@pytest.fixture(scope="module")
def cluster(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The services on these servers, with everything mended after each test."""
    with cluster_on(servers, tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A seed of the test's own, the same whenever the run's is; ``WHISTLE_FAULT_SEED`` repeats a run."""
    return random.Random(f"{SEED} {request.node.name}").randrange(10**6)


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[Balance, float], None]:
    """Keeps what a fault came to, for the table at the end."""
    return lambda balance, absorbed: _balances.append((request.node.name, balance, absorbed))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    write = terminalreporter.write_line
    for report in terminalreporter.stats.get("skipped", ()):
        write(f"NOT SHOWN HERE: {report.nodeid.rpartition('::')[2]}: {report.longrepr[2]}", red=True)
    if not _balances:
        return
    write(f"seed {SEED}; repeat with WHISTLE_FAULT_SEED={SEED}")
    write("accepted   cases breaches  alerts webhooks absorbed drained  fault")
    for name, b, absorbed in _balances:
        figures = f"{b.accepted:8} {b.cases:7} {b.breaches:8} {b.alerts:7} {b.delivered:8} {absorbed:8.0f}"
        write(f"{figures} {b.drained:6.1f}s{'!' if b.drained > DRAINED_WITHIN else ' '} {name}")
