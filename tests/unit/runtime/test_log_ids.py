"""Promise: log lines name what they are about by our own ids, and nothing that a caller wrote."""

from shared.runtime.observability.log_ids import NAMED_MAX, ids_in, ids_of

LETTERS = "a2" * 13


def test_ids_are_named_by_their_kind_and_an_event_names_its_subject() -> None:
    report, case, alert, delivery = (f"{kind}{LETTERS}" for kind in "rcad")
    assert ids_in(report) == {"report": report}
    assert ids_in(alert, delivery) == {"alert": alert, "delivery": delivery}
    assert ids_in(f"{case}.2.0") == {"event_id": f"{case}.2.0", "case": case}
    assert ids_in(f"{case}.2.0", case) == ids_in(f"{case}.2.0")


def test_foreign_text_is_no_id() -> None:
    assert ids_in("", "13812345678", "Jan", f"r{LETTERS}x", f"R{LETTERS}", f"r{LETTERS}\n", "rider-9") == {}


def test_of_several_the_first_are_named() -> None:
    many = [f"r{n}" for n in range(100)]
    assert ids_of("report", many[:1]) == {"report": "r0"}
    assert ids_of("report", many) == {"report_ids": many[:NAMED_MAX]}
    assert ids_of("report", []) == {}
