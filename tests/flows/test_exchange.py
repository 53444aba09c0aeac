"""Sheets of a county platform on the running stack: out, back in, and in again."""

import base64
import csv
import io
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.router.exchange.sheet_files import SheetFormat, read_table, write_sheet
from tests.kit.cases_on_stack import desk, done, history, opened
from tests.kit.places import HARBOUR_ZONE, QUAY
from tests.kit.refusals import problem
from tests.kit.stack import HARBOUR, Person, RunningStack, running_stack, until

SHEET = "/v1/bridges/town_desk/sheet"
HEADS = [
    "Ticket",
    "Whistle id",
    "Item code",
    "Words",
    "Unit code",
    "State",
    "Since",
    "How",
    "Result",
    "Why",
    "Caller",
    "Phone",
]
LAMP, QUAYSIDE = "0101", "900000001001"


def chief(stack: RunningStack) -> Person:
    return stack.person("oh-chief")


def number() -> str:
    return f"T-{uuid.uuid4().hex[:12]}"


def row(**said: str) -> list[str]:
    given = {"Item code": LAMP, "Unit code": QUAYSIDE, "State": "open", "Words": f"lamp {number()} is dark"} | {
        name.replace("_", " "): text for name, text in said.items()
    }
    return [given.get(head, "") for head in HEADS]


def sheet(*rows: list[str], form: SheetFormat = "csv") -> bytes:
    return write_sheet([HEADS, *rows], form, "register", "utf-8", None)


def bring(
    stack: RunningStack, content: bytes, who: Person | None = None, *, key: str = "", **query: str
) -> httpx.Response:
    by = who or chief(stack)
    headers = {"authorization": f"Bearer {by.token}", "idempotency-key": key or uuid.uuid4().hex}
    return stack.http.post(stack.urls["router"] + SHEET, params=query, content=content, headers=headers, timeout=60)


def brought(stack: RunningStack, content: bytes, **more: Any) -> dict[str, Any]:
    answer = bring(stack, content, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sent_out(stack: RunningStack, form: SheetFormat = "xlsx", **query: Any) -> tuple[bytes, list[dict[str, str]]]:
    """The file, and its rows by heading."""
    answer = chief(stack).get("router", SHEET, format=form, **query)
    assert answer.status_code == 200, answer.text
    table = read_table(answer.content).rows
    at = next(n for n, line in enumerate(table) if line[0] == "Ticket")
    return answer.content, [dict(zip(table[at], line, strict=False)) for line in table[at + 1 :]]


def reports_of(stack: RunningStack, ticket: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk(stack).get("intake", "/v1/reports", outside_number=ticket).json()["items"]
    return found


def case_of(stack: RunningStack, ticket: str) -> dict[str, Any]:
    """The case of the ticket, once there is one, as its desk sees it."""
    found = until(lambda: [one for one in reports_of(stack, ticket) if "case" in one], what="the ticket's case")
    return shown(stack, found[0]["case"]["id"])


def shown(stack: RunningStack, case: str) -> dict[str, Any]:
    answer = desk(stack).get("router", f"/v1/cases/{case}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def as_written(at: datetime) -> str:
    return at.astimezone(HARBOUR_ZONE).strftime("%d/%m/%Y %H:%M:%S")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_new_rows_become_reports_states_move_cases_and_a_second_import_changes_nothing(
    stack: RunningStack, form: SheetFormat
) -> None:
    waits, begun, wrong = number(), number(), number()
    rows = [row(Ticket=waits), row(Ticket=begun, State="in hand"), row(Ticket=wrong, State="on the moon"), row()]
    content, key = sheet(*rows, form=form), uuid.uuid4().hex
    first = brought(stack, content, key=key)
    assert [item["outcome"] for item in first["items"]] == ["taken", "taken", "wrong", "wrong"]
    assert (first["rows"], first["taken"], first["moved"], first["wrong"]) == (4, 2, 0, 2)
    assert [problem["code"] for item in first["items"] for problem in item.get("problems", ())] == [
        "state_unknown",
        "no_number",
    ]
    assert (first["items"][2]["row"], first["items"][2]["problems"][0]["column"]) == (4, "State")
    mine = case_of(stack, begun)
    assert (mine["state"], mine["claimed_by"], mine["unit"]) == ("claimed", "oh-chief", "quayside")
    waiting = case_of(stack, waits)
    assert (waiting["state"], waiting["category"]) == ("queued", "street_light")
    assert reports_of(stack, waits)[0]["channel"] == "hotline"
    again = bring(stack, content, key=key)
    assert again.json() == first
    assert again.headers["idempotent-replayed"] == "true"
    assert problem(bring(stack, sheet(row(Ticket=waits)), key=key), 422)["type"].endswith("key-reused")
    second = brought(stack, content)
    assert [item["outcome"] for item in second["items"]] == ["unchanged", "unchanged", "wrong", "wrong"]
    assert second["says"].endswith("Nothing in this file changed anything.")
    for ticket, before in ((begun, mine), (waits, waiting)):
        assert case_of(stack, ticket)["version"] == before["version"]
        assert len(reports_of(stack, ticket)) == 1


def test_what_went_out_comes_back_and_changes_nothing(stack: RunningStack) -> None:
    words = "=HYPERLINK(1) the lamp on the quay"
    _, case = opened(stack, words)
    ticket = number()
    brought(stack, sheet(row(Ticket=ticket, Words="-2 lamps are dark")))
    case_of(stack, ticket)
    for form in ("xlsx", "csv"):
        content, rows = sent_out(stack, form)
        (mine,) = [one for one in rows if one["Whistle id"] == case]
        assert mine["Words"] == words
        assert (mine["Item code"], mine["Unit code"], mine["State"], mine["Ticket"]) == (LAMP, QUAYSIDE, "open", "")
        assert [one["Words"] for one in rows if one["Ticket"] == ticket] == ["-2 lamps are dark"]
        assert b"A demonstration" in content or form == "xlsx"
        before = shown(stack, case)["version"]
        told = brought(stack, content)
        assert (told["taken"], told["moved"]) == (0, 0), told
        assert shown(stack, case)["version"] == before
    text = sent_out(stack, "csv")[0].decode("utf-8-sig")
    risky = [cell for line in csv.reader(io.StringIO(text, newline="")) for cell in line if cell[:1] in set("=+-@\t\r")]
    assert risky == []


def test_done_there_is_resolved_here_and_an_old_sheet_never_undoes_what_was_reopened(stack: RunningStack) -> None:
    ticket = number()
    brought(stack, sheet(row(Ticket=ticket)))
    case = case_of(stack, ticket)["id"]
    finished = row(Ticket=ticket, State="done", How="repaired", Result="new lamp", Since=as_written(datetime.now(UTC)))
    (item,) = brought(stack, sheet(finished))["items"]
    assert (item["outcome"], item["case"]) == ("moved", case)
    resolved = shown(stack, case)
    assert (resolved["state"], resolved["resolved_how"], resolved["resolved_by"]) == ("resolved", "repair", "oh-chief")
    until(lambda: reports_of(stack, ticket)[0]["status"] == "resolved", what="the reporter's side")
    done(desk(stack).command(case, "reopen", {"reason": "it is dark again"}), "reopened")
    (stale,) = brought(stack, sheet(finished))["items"]
    assert stale["outcome"] == "unchanged"
    assert shown(stack, case)["state"] == "reopened"
    (unsaid,) = brought(stack, sheet(row(Ticket=ticket, State="done", Result="new lamp")))["items"]
    assert (unsaid["outcome"], unsaid["problems"][0]["code"]) == ("wrong", "reopened_here")
    later = as_written(datetime.now(UTC) + timedelta(days=700))
    newer = row(Ticket=ticket, State="done", Result="another lamp", Since=later)
    assert brought(stack, sheet(newer))["moved"] == 1
    assert shown(stack, case)["state"] == "resolved"


def test_a_number_given_to_what_began_here_is_kept_and_what_is_opened_again_there_is_here(stack: RunningStack) -> None:
    began, case = opened(stack)
    ticket = number()
    assert brought(stack, sheet(row(Ticket=ticket, Whistle_id=case)))["unchanged"] == 1
    assert [one["Ticket"] for one in sent_out(stack, "csv")[1] if one["Whistle id"] == case] == [ticket]
    assert [one["id"] for one in reports_of(stack, ticket)] == [began]
    assert brought(stack, sheet(row(Ticket=ticket, State="done", Result="new lamp")))["moved"] == 1
    _, other = opened(stack)
    (taken,) = brought(stack, sheet(row(Ticket=ticket, Whistle_id=other)))["items"]
    assert taken["problems"][0]["code"] == "id_differs"
    (asked,) = brought(stack, sheet(row(Whistle_id=other, State="refused", Why="It is for the police")))["items"]
    assert "Quayside, which has the case, asks for it" in asked["problems"][0]["says"]
    later = as_written(stack.now() + timedelta(days=1))
    again = sheet(row(Ticket=ticket, State="again", Why="dark again", Since=later))
    assert brought(stack, again)["moved"] == 1
    assert shown(stack, case)["state"] == "reopened"
    assert brought(stack, again)["unchanged"] == 1


def test_who_resolved_by_a_sheet_does_not_close_by_it_until_another_has_inspected(stack: RunningStack) -> None:
    _, case = opened(stack)
    ended = sheet(row(Whistle_id=case, Item_code="", State="closed", Result="new lamp"))
    (item,) = brought(stack, ended)["items"]
    assert item["outcome"] == "moved"
    assert item["problems"][0]["code"] == "refused"
    assert "Another person inspects first" in item["problems"][0]["says"]
    assert shown(stack, case)["state"] == "resolved"
    (again,) = brought(stack, ended)["items"]
    assert again["outcome"] == "wrong"
    done(desk(stack).command(case, "inspect", {"ok": True}), "resolved")
    assert brought(stack, ended)["moved"] == 1
    assert shown(stack, case)["state"] == "closed"
    told = brought(stack, ended)
    assert (told["unchanged"], told["wrong"]) == (1, 0)
    assert [line["by"] for line in history(stack, case) if line["what"] == "case.closed"] == ["oh-chief"]


def test_each_wrong_row_is_told_with_what_to_do_also_as_a_sheet(stack: RunningStack) -> None:
    unknown = f"c{'a' * 26}"
    rows = [
        row(Whistle_id=unknown),
        row(Ticket=number(), Item_code="9999"),
        row(Ticket=number(), Unit_code="", Words="no place"),
        row(Ticket=number(), State="refused"),
        row(Ticket=number()),
    ]
    told = brought(stack, sheet(*rows), result="csv")
    codes = [[one["code"] for one in item.get("problems", ())] for item in told["items"]]
    assert codes == [["id_unknown"], ["category_unknown"], ["place_missing"], [], []]
    assert [item["outcome"] for item in told["items"]] == ["wrong", "wrong", "wrong", "taken", "taken"]
    result = read_table(base64.b64decode(told["result_sheet"])).rows
    assert result[0] == [told["notice"]] or result[0][0] == told["notice"]
    assert result[1] == ["Row", "Number", "Result", "Case", "Column", "What is wrong", "What to do"]
    assert (result[2][0], result[2][2], result[2][3]) == ("2", "not dealt with", "")
    assert all(line[6] for line in result[2:5])


def test_only_supervisors_exchange_sheets_and_only_of_their_own_ground(stack: RunningStack) -> None:
    content = sheet(row(Ticket=number()))
    assert problem(bring(stack, content, desk(stack)), 403)["reason"] == "role"
    assert problem(desk(stack).get("router", SHEET), 403)["reason"] == "role"
    for who in (stack.rider(), stack.ops):
        assert who.get("router", SHEET).status_code == bring(stack, content, who).status_code == 403
    assert chief(stack).get("router", SHEET, unit="nowhere").status_code == 404
    assert chief(stack).get("router", "/v1/bridges/other/sheet").status_code == 404
    assert [one["id"] for one in desk(stack).get("router", "/v1/bridges").json()["items"]] == ["town_desk"]


def test_no_word_of_a_confidential_sensitive_or_recused_case_goes_out(stack: RunningStack) -> None:
    rider, words = (
        stack.rider(),
        {name: f"lamp {name} {number()}" for name in ("plain", "sensitive", "recused", "suspected")},
    )
    cases = {
        name: stack.case_of(rider.report(said, QUAY).json()["id"], rider)["case"]["id"]
        for name, said in words.items()
        if name != "suspected"
    }
    hinted = rider.report(f"{words['suspected']}, a journalist came", QUAY).json()["id"]
    cases["suspected"] = stack.case_of(hinted, rider)["case"]["id"]
    done(desk(stack).command(cases["sensitive"], "mark_sensitive", {"kind": "media"}), "queued")
    answer = chief(stack).command(cases["recused"], "recuse", {"reason": "it is theirs", "about": "quayside"})
    assert answer.status_code == 200, answer.text
    _, rows = sent_out(stack)
    out = {one["Whistle id"] for one in rows}
    assert cases["plain"] in out
    assert not out & {cases[name] for name in ("sensitive", "recused", "suspected")}
    said = "\n".join(cell for one in rows for cell in one.values())
    assert [name for name in words if words[name] in said] == ["plain"]


@pytest.fixture
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Without the cases of other tests: with reporters a sheet has two hundred at most."""
    with running_stack(tmp_path_factory.mktemp("exchange"), [HARBOUR]) as running:
        yield running


def test_who_reported_is_in_a_sheet_only_when_asked_for_and_each_look_is_on_the_record(own_stack: RunningStack) -> None:
    ticket = number()
    brought(own_stack, sheet(row(Ticket=ticket, Caller="Jan de Vries", Phone="0612345678")))
    case = case_of(own_stack, ticket)["id"]
    plain = [one for one in sent_out(own_stack)[1] if one["Ticket"] == ticket]
    assert [(one.get("Caller", ""), one.get("Phone", "")) for one in plain] == [("", "")]
    assert "case.unmasked" not in [line["what"] for line in history(own_stack, case)]
    _, rows = sent_out(own_stack, unit="quayside", reporters="true")
    assert [(one["Caller"], one["Phone"]) for one in rows if one["Ticket"] == ticket] == [
        ("Jan de Vries", "0612345678")
    ]
    (look,) = [line for line in history(own_stack, case) if line["what"] == "case.unmasked"]
    assert look["by"] == "oh-chief"
    assert "calls people back" in look["text"]


def test_a_file_that_cannot_be_read_is_refused_whole_with_what_to_do(stack: RunningStack) -> None:
    for content, words in ((b"PK\x03\x04", "damaged"), (b"a,b\r\n1,2\r\n", "headings"), (b"", "empty")):
        told = problem(bring(stack, content), 422)
        assert words in told["errors"][0]["detail"]
    assert bring(stack, b"x" * (5 * 1024 * 1024)).status_code == 413
    assert chief(stack).get("router", SHEET, since="2026-03-05", until="2026-03-01").status_code == 422


def test_a_confidential_clue_is_in_no_sheet_not_even_of_its_handler(stack: RunningStack) -> None:
    rider, handler = stack.rider("sheyang"), stack.person("sheyang.supervisor", "sheyang")
    word = f"CLUE{uuid.uuid4().hex}"
    until(lambda: rider.get("intake", "/v1/categories").status_code == 200, what="the pack at intake")
    who = {"ref": word, "confidential": True}
    sent = rider.report(word, {"address": "x"}, category="noise", reporter=who)
    case = stack.case_of(sent.json()["id"], rider)["case"]["id"]
    assert handler.get("router", f"/v1/cases/{case}").status_code == 200, "he handles it"
    plain = stack.case_of(rider.report("井盖松动", {"unit": "jiaotonglu"}).json()["id"], rider)["case"]["id"]
    answer = handler.get("router", "/v1/bridges/county_platform/sheet", format="csv")
    assert answer.status_code == 200, answer.text
    text = answer.content.decode("gb18030")
    assert plain in text
    assert case not in text
    assert word not in text
