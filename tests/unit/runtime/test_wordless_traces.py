"""Promise: operators follow every event of a case, and read no word, place or photo of it."""

import json

import pytest

from shared.contracts.words import without_words
from shared.kernel.clock import rfc3339
from shared.runtime.ops_answers import TracedEvent
from tests.kit.made_reports import NOW, submitted

WORD = "zebra"


@pytest.mark.parametrize(
    "said",
    [
        {
            "description": WORD,
            "place": {"lon": 1.5, "lat": 2.5, "address": WORD, "unit": "town"},
            "answers": {"how": WORD},
        },
        {
            "case": {
                "summary": WORD,
                "place": WORD,
                "question": {"text": WORD},
                "outcome": {"words": WORD, "photos": [WORD]},
            }
        },
        {"told": WORD, "reason": WORD, "photos": [WORD]},
        {"score": 1, "text": WORD},
    ],
)
def test_nothing_that_somebody_wrote_is_left(said: dict[str, object]) -> None:
    left = without_words(json.dumps(said))
    assert WORD not in left
    assert json.loads(left).keys() == said.keys()


def test_what_happened_stays() -> None:
    pauses = [{"reason": "part_ordered"}]
    data = {"case": {"unit": "town", "clocks": [{"pauses": pauses}]}, "score": 1, "place": {"unit": "town", "lon": 1.5}}
    kept = json.loads(without_words(json.dumps(data)))
    assert kept == {**data, "place": {"unit": "town", "lon": None}}


def test_a_trace_of_a_report_says_when_and_what_and_no_word() -> None:
    event = submitted(description=WORD)
    shown = TracedEvent.of(event, NOW)
    assert WORD not in str(shown)
    assert (shown.type, rfc3339(shown.time)) == ("report.submitted.v1", rfc3339(event.time))
