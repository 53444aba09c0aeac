"""What a queue is asked: a value that means nothing is named, never passed over."""

import pytest

from services.router.queues.queue_pages import QueueQuery, check_categories, filtered
from shared.kernel.errors import Refusal
from shared.kernel.vocabulary import PRIORITIES
from shared.runtime.http_server.decoding import query


def wrong(*given: tuple[str, str]) -> set[str]:
    with pytest.raises(Refusal) as refusal:
        asked = query(list(given), QueueQuery)
        assert isinstance(asked, QueueQuery)
        check_categories(asked, {"flooding", "other"})
        filtered("harbour", "quayside", asked)
    assert refusal.value.status == 422
    return {error.pointer for error in refusal.value.errors}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "asleep"),
        ("state", ""),
        ("state", "queued,"),
        ("priority", "high"),
        ("priority", "low,low,low,low,high"),
        ("category", "atlantis"),
        ("category", "flooding,atlantis"),
        ("sort", "age"),
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "9" * 5000),
        ("subtree", "perhaps"),
        ("text", ""),
        ("text", "x" * 101),
        ("text", "a\0b"),
        ("due_before", "soon"),
        ("due_before", "9999-12-31T23:59:59-14:00"),
        ("cursor", ""),
        ("cursor", "e30="),
        ("colour", "red"),
    ],
)
def test_a_value_that_means_nothing_is_named(name: str, value: str) -> None:
    """B54: an unknown priority was an empty queue, and words beyond the hundredth were passed over."""
    assert wrong((name, value)) == {f"?{name}"}


def test_values_that_mean_something_are_taken_each_once() -> None:
    asked = query([("priority", "low,danger,low"), ("category", "other,flooding"), ("state", "closed")], QueueQuery)
    assert isinstance(asked, QueueQuery)
    check_categories(asked, {"flooding", "other"})
    where, _ = filtered("harbour", "quayside", asked)
    assert where["priority"] == {"$in": ["low", "danger"]}
    assert where["category"] == {"$in": ["other", "flooding"]}
    assert set(PRIORITIES) == {"danger", "urgent", "normal", "low"}
