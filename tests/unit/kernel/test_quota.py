"""Quotas: never more than a burst and what the rate allows since, for every name by itself, in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.quota import Quota


@given(
    st.lists(st.floats(0, 3), max_size=200),
    st.floats(0.1, 50),
    st.integers(1, 20),
)
def test_never_more_than_the_burst_and_the_rate_in_any_span(gaps: list[float], rate: float, burst: int) -> None:
    quota, now, granted = Quota(), 0.0, list[float]()
    for gap in gaps:
        now += gap
        if not quota.take("key", now, rate, burst):
            granted.append(now)
    for i, began in enumerate(granted):
        for j in range(i, len(granted)):
            assert j - i + 1 <= burst + rate * (granted[j] - began) + 1e-3


@given(st.floats(0.1, 50), st.integers(1, 20))
def test_who_waits_as_long_as_told_is_granted_and_a_refusal_costs_nothing(rate: float, burst: int) -> None:
    quota = Quota()
    assert [quota.take("key", 0.0, rate, burst) for _ in range(burst)] == [0.0] * burst
    waits = {quota.take("key", 0.0, rate, burst) for _ in range(5)}
    assert len(waits) == 1
    assert quota.take("key", waits.pop(), rate, burst) == 0.0


def test_names_have_buckets_of_their_own() -> None:
    quota = Quota()
    assert quota.take("a", 0.0, 1, 1) == 0.0
    assert quota.take("a", 0.0, 1, 1) > 0
    assert quota.take("b", 0.0, 1, 1) == 0.0


def test_no_flood_of_names_fills_the_memory() -> None:
    quota = Quota(names_max=10)
    for n in range(1000):
        quota.take(str(n), 0.0, 1, 1)
    assert len(quota._full_at) == 10
    assert quota.take("999", 0.0, 1, 1) > 0, "the newest are remembered"


@given(st.lists(st.floats(0.1, 16), min_size=1, max_size=100), st.floats(0.1, 50))
def test_amounts_add_up_and_never_exceed_burst_and_rate(amounts: list[float], rate: float) -> None:
    quota, now, granted = Quota(), 0.0, 0.0
    for amount in amounts:
        wait = quota.take("key", now, rate, 16, amount)
        if wait:
            now += wait
            assert quota.take("key", now, rate, 16, amount) == 0.0
        granted += amount
        assert granted <= 16 + rate * now + 1e-3
