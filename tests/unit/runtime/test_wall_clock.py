"""One clock that is wrong or stepped decides nothing, whichever it is."""

from types import SimpleNamespace

import pytest

from shared.runtime.timekeeping import wall_clock
from shared.runtime.timekeeping.wall_clock import OFF_SECONDS, MedianClock

START = 1_800_000_000.0
HOUR = 3600.0


class Machine:
    """This machine's two clocks, and the members' by how far each is ahead of true time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.true = START
        self.own = 0.0
        self.members = {"m1": 0.0, "m2": 0.0, "m3": 0.0}
        self.real = MedianClock()
        clocks = SimpleNamespace(time=lambda: self.true + self.own, monotonic=lambda: self.true - START)
        monkeypatch.setattr(wall_clock, "time", clocks)

    def passes(self, seconds: float, *, late: float = 0.0) -> float:
        """How far off real time is after so long; members were heard every ten seconds, ``late`` seconds late."""
        for _ in range(int(seconds // 10)):
            self.true += 10.0
            for name, ahead in self.members.items():
                self.real.observe(name, self.true + ahead - late)
        self.true += seconds % 10
        return self.real.now() - self.true


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_where_nobody_else_was_heard_the_own_clock_holds(machine: Machine) -> None:
    machine.own = HOUR
    assert machine.passes(5) == HOUR


def test_a_clock_that_is_wrong_from_the_start_is_outvoted(machine: Machine) -> None:
    machine.own = HOUR
    assert machine.passes(10) == pytest.approx(0.0)
    assert machine.real.wrong


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_step_of_the_own_clock_is_no_step_of_time_not_even_for_a_moment(machine: Machine, step: float) -> None:
    machine.passes(60)
    machine.own = step
    assert machine.passes(3) == pytest.approx(0.0)
    assert machine.passes(60) == pytest.approx(0.0)
    machine.own = 0.0
    assert machine.passes(20) == pytest.approx(0.0)
    assert not machine.real.wrong


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_members_clock_that_is_wrong_is_outvoted_and_so_is_its_step(machine: Machine, step: float) -> None:
    machine.members["m2"] = step
    assert machine.passes(90) == pytest.approx(0.0)
    machine.members["m2"] = 0.0
    assert machine.passes(90) == pytest.approx(0.0)


@pytest.mark.parametrize("step", [HOUR, -HOUR])
@pytest.mark.parametrize("whose", ["own", "member"])
def test_of_two_clocks_that_part_the_one_holds_that_did_not_step(machine: Machine, whose: str, step: float) -> None:
    machine.members = {"m1": 0.0}
    machine.passes(60)
    if whose == "own":
        machine.own = step
    else:
        machine.members["m1"] = step
    assert machine.passes(3) == pytest.approx(0.0)
    assert machine.passes(90) == pytest.approx(0.0)


def test_messages_that_waited_to_be_read_move_nothing(machine: Machine) -> None:
    machine.passes(60)
    assert machine.passes(10, late=50.0) == pytest.approx(0.0)


def test_a_clock_that_is_slewed_is_followed(machine: Machine) -> None:
    machine.passes(60)
    machine.own = OFF_SECONDS * 0.9
    assert machine.passes(10) == pytest.approx(machine.own)
    assert not machine.real.wrong
