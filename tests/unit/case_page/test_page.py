"""The page: what it shows and says, that it is small, and that it can be read without script by everybody."""

import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import msgspec
import pytest

from shared.case_page.case_answer import Ask, Clock, Consultation, Line, Location
from shared.case_page.next_steps import STEP_NAMES, Step
from shared.case_page.press import Press
from shared.case_page.record import LINES, LINES_MAX
from shared.case_page.rendering import STYLE, case_page, message_page
from shared.case_page.view import PHOTOS_MAX, TOLD_MAX, case_view
from shared.case_page.words import ROLES, WORDS, Words
from shared.kernel.vocabulary import CLOCK_KINDS, PRIORITIES, AfterPhoto, StateName
from tests.kit.made_case_answers import ABOVE, DESK, NOW, STATES, WORKS, case, look, part

PAGE_MAX = 30 * 1024


class Tags(HTMLParser):
    """Start tags with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def page(*args: object, **fields: object) -> str:
    return unescape(case_page(case_view(look(*args, **fields))))  # type: ignore[arg-type]


def test_both_languages_have_every_word_of_every_step_state_clock_and_priority() -> None:
    needed = {
        *STEP_NAMES,
        *(f"done.{name}" for name in STEP_NAMES),
        *(f"state.{state}" for state in STATES),
        *(f"clock.{kind}" for kind in CLOCK_KINDS),
        *(f"priority.{priority}" for priority in PRIORITIES),
    }
    assert needed <= set(WORDS)
    for name, (chinese, english) in (*WORDS.items(), *ROLES.items(), *LINES.items()):
        assert re.search(r"[\u4e00-\u9fff]", chinese), name
        assert english.isascii(), name
        assert chinese.count("{}") == english.count("{}"), name


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_full_page_is_small_and_needs_no_script_and_nothing_from_elsewhere(state: StateName, language: str) -> None:
    full = case(
        state,
        description="漏" * 2000,
        photos=tuple(f"f{n:040}" for n in range(20)),
        clocks=tuple(Clock(kind, NOW, "running") for kind in CLOCK_KINDS),
        parts=tuple(part(id_=f"p{n}") for n in range(20)),
        asks=(Ask("pause", "resolve", "x", "weather"), Ask("extension", "on_site", "x", "等" * 100)),
        offered_to="works",
        history=tuple(Line("case.noted", NOW, "x", "漏" * 2000) for _ in range(20)),
    )
    for reader in (DESK, ABOVE, WORKS):
        text = case_page(case_view(look(full, reader, language, told=[f"人{n}" for n in range(200)])))
        assert len(text.encode()) <= PAGE_MAX, len(text.encode())
        tags = Tags(text)
        assert not tags.of("script")
        assert not tags.of("link")
        assert "@import" not in text
        assert len(tags.of("img")) == PHOTOS_MAX


@pytest.mark.parametrize("state", STATES)
def test_the_page_can_be_read_by_everybody(state: StateName) -> None:
    """What axe asks for: a language, one first heading, no level left out, labels, texts of pictures, no id twice."""
    asked = case(state, asks=(Ask("pause", "resolve", "x", "weather"),), parts=(part(), part("reported_in", id_="p2")))
    for reader in (DESK, ABOVE, WORKS):
        tags = Tags(case_page(case_view(look(asked, reader))))
        assert tags.of("html") == [{"lang": "zh-CN"}]
        assert len(tags.of("h1")) == 1
        levels = [int(name[1]) for name, _ in tags.found if re.fullmatch("h[1-6]", name)]
        assert all(after - before <= 1 for before, after in pairwise(levels))
        ids = [attributes["id"] for _, attributes in tags.found if "id" in attributes]
        assert len(set(ids)) == len(ids)
        labels = {attributes["for"] for attributes in tags.of("label")}
        fields = [attributes for _, attributes in tags.found if attributes.get("id") in labels]
        shown = [a for n in ("textarea", "select", "input") for a in tags.of(n) if a.get("type") != "hidden"]
        assert len(fields) == len(shown)
        assert all(attributes["alt"] for attributes in tags.of("img"))


def test_the_style_needs_nothing_newer_than_chromium_90() -> None:
    assert not re.search(
        r"light-dark\(|:has\(|@layer|@container|color-mix|:is\(.*&|aspect-ratio|inset:|accent-color", STYLE
    )


@pytest.mark.parametrize(
    ("language", "location", "said"),
    [
        ("zh", Location(address="后门小花园"), "后门小花园"),
        ("en", Location(address="后门小花园"), "后门小花园"),
        ("en", Location(place="The small garden"), "The small garden"),
        ("zh", Location(), "未写明地点"),
        ("en", Location(), "No place was given"),
        ("zh", Location(120.12, None, address="后门小花园"), "后门小花园"),
    ],
)
def test_a_place_without_a_point_is_said_in_words_and_leads_to_no_map(
    language: str, location: Location, said: str
) -> None:
    text = page(case(location=location), language=language)
    assert f"<p>{said}</p>" in text
    for link in ("geo:", "amap", 'class="maps"', *("请看地图", "see the map")):
        assert link not in text


def test_place_grid_map_clocks_and_who_was_told_are_shown() -> None:
    text = page(case(), told=["张三（交通路社区值班员）"])
    for words in ("建华园2号楼", "<grid-1>", "办结时限", "剩余2小时15分", "张三（交通路社区值班员）", "待签收"):
        assert words in text
    assert "geo:33.780000,120.120000" in text
    gaode = re.search(r"https://uri\.amap\.com/marker\?position=([\d.]+),([\d.]+)&name=\S+&coordinate=gaode", text)
    assert gaode is not None
    lon, lat = float(gaode[1]), float(gaode[2])
    assert 0.003 < lon - 120.12 < 0.008, "GCJ-02, some hundred metres off WGS-84"
    assert -0.004 < lat - 33.78 < 0
    assert "WGS-84" in text
    assert "GCJ-02" in text


def test_who_inspects_reads_what_was_done_and_who_does_it_again_reads_why() -> None:
    done = Line("case.resolved", NOW - timedelta(minutes=30), "mender", "灯泡已更换")
    assert "今天8:30 UTC 处置完成：灯泡已更换（<mender>）" in page(case("resolved", history=(done,)))
    agreed = case("resolved", history=(done,), resolved_how="agreement")
    assert "今天8:30 UTC 协商解决：灯泡已更换（<mender>）" in page(agreed)
    refused = Line("case.inspected", NOW, "looker", "半夜又灭了"), Line("case.reopened", NOW, "looker")
    again = page(case("reopened", history=(done, *refused)))
    assert again.index("今天9:00 UTC 核查不通过：半夜又灭了（<looker>）") < again.index("灯泡已更换"), (
        "the newest first"
    )
    assert "today 09:00 UTC Failed inspection: 半夜又灭了 (<looker>)" in page(case(history=refused), language="en")
    passed = Line("case.inspected", NOW, "looker", "亮了")
    assert "今天9:00 UTC 核查通过：亮了" in page(case("resolved", history=(done, passed)))


def test_each_called_unit_has_a_line_of_its_own() -> None:
    called = tuple(Line("case.called_in", NOW, "desk", "要吊车", unit=unit) for unit in ("works", "police"))
    assert case_view(look(case(history=called))).record == (
        "今天9:00 UTC 吹哨 <police>：要吊车（<desk>）",
        "今天9:00 UTC 吹哨 <works>：要吊车（<desk>）",
    )


def test_what_the_reporter_adds_is_read_and_what_says_nothing_is_no_line() -> None:
    said = Line("case.noted", NOW, None, "上报人补充：水已经漫到路中间了")
    silent = Line("case.claimed", NOW, "desk"), Line("case.of_a_newer_version", NOW, "desk", "?")
    lines = case_view(look(case(history=(*silent, said)))).record
    assert lines == ("今天9:00 UTC 跟进：上报人补充：水已经漫到路中间了",)
    many = tuple(Line("case.noted", NOW, None, str(n)) for n in range(LINES_MAX + 3))
    assert len(case_view(look(case(history=many))).record) == LINES_MAX


def test_what_a_called_unit_did_stands_with_its_part() -> None:
    answer = case(parts=(msgspec.structs.replace(part("finished"), said="吊车已到，灯杆扶正"),))
    assert case_view(look(answer)).parts == ("<works> · 已反馈 · 换灯 · 吊车已到，灯杆扶正",)


def test_without_a_point_there_is_no_map_and_without_words_the_map_is_named() -> None:
    assert "geo:" not in page(case(location=Location(place="桥头")))
    assert "未写明地点，请看地图" in page(case(location=Location(120.0, 33.0)))
    assert "未写明地点" in page(case(location=Location()))


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (Clock("on_site", NOW - timedelta(minutes=40), "running"), "已超时40分钟"),
        (Clock("on_site", NOW - timedelta(minutes=40), "breached"), "已超时40分钟"),
        (Clock("on_site", NOW, "breached", met_at=NOW), "已超时"),
        (Clock("on_site", NOW, "paused"), "已挂起"),
        (Clock("on_site", NOW, "met"), "按时"),
    ],
)
def test_a_clock_is_named_and_says_how_it_stands(clock: Clock, words: str) -> None:
    assert f"<dt>到场时限</dt><dd>{words}</dd>" in re.sub(r'<dd class="late">', "<dd>", page(case(clocks=(clock,))))


def test_a_clock_of_a_newer_version_does_not_hide_the_case() -> None:
    assert "<dt>tomorrow</dt>" in page(case(clocks=(Clock("tomorrow", NOW, "running"),)))


def test_the_question_of_a_consultation_is_shown_with_its_parties_and_conclusion() -> None:
    lines = case_view(look(case(consultation=Consultation("谁来拆？", ("works", "police"), "城管拆")))).consultation
    assert lines == ("谁来拆？", "<works>、<police>", "结论：城管拆")


def test_clocks_that_count_no_more_are_not_shown() -> None:
    gone = (Clock("resolve", NOW, "void"), Clock("resolve", NOW, "running", superseded_at=NOW))
    assert "办结时限" not in page(case(clocks=gone))


def test_photos_of_reports_and_of_officers_are_shown_once() -> None:
    tags = Tags(page(case(photos=("f1",), history=(Line(), Line(photos=("f2", "f1"))))))
    assert [image["src"] for image in tags.of("img")] == ["/photos/f1", "/photos/f2"]


def test_of_many_who_were_told_some_are_named_and_all_counted() -> None:
    told = case_view(look(case(), told=[f"人{n}" for n in range(TOLD_MAX + 8)])).told
    assert len(told) == TOLD_MAX + 1
    assert told[-1] == f"等{TOLD_MAX + 8}人"


@pytest.mark.parametrize(
    ("state", "fields", "reader", "words"),
    [
        ("queued", {}, DESK, "请接单。"),
        ("claimed", {"claimed_by": "x"}, DESK, "已由<x>接单。"),
        ("claimed", {"claimed_by": "desk"}, DESK, "工单在您名下。"),
        ("queued", {"offered_to": "works"}, WORKS, "转来的工单，请接收或不接收。"),
        ("queued", {"offered_to": "works"}, DESK, "已转<works>，待对方接收。"),
        ("claimed", {"parts": (part(),)}, WORKS, "贵单位被吹哨，请报到。"),
        ("resolved", {}, DESK, "处置已完成，请核查。"),
        ("waiting_reporter", {}, DESK, "正等待上报人补充信息。"),
        ("queued", {}, ABOVE, "由<quay>办理。"),
        ("closed", {}, DESK, "目前无需您操作。"),
    ],
)
def test_what_is_needed_is_said_and_who_has_it(state: StateName, fields: dict, reader: object, words: str) -> None:  # type: ignore[type-arg]
    assert words in case_view(look(case(state, **fields), reader)).need  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after_photo", "label"),
    [("none", None), ("asked", "处置后照片（选填）"), ("required", "处置后照片（必传）")],
)
def test_the_after_photo_is_as_the_category_says(after_photo: AfterPhoto, label: str | None) -> None:
    text = page(case("in_progress"), after_photo=after_photo)
    assert ('type="file"' in text) == (label is not None)
    assert ("multipart/form-data" in text) == (label is not None)
    assert label is None or label in text


def test_a_form_that_was_refused_is_shown_again_with_what_was_written() -> None:
    tried = Press(Step("resolve"), "7", {"how": "agreement", "text": "谈好了 <b>"})
    text = case_page(case_view(look(case("in_progress")), said="不行", failed=True, tried=tried))
    assert "谈好了 &lt;b&gt;</textarea>" in text
    assert '<option value="agreement" selected>' in text
    assert 'class="said failed" role="status">不行' in text


def test_words_of_reports_are_escaped() -> None:
    assert "<script>" not in case_page(case_view(look(case(description="<script>x</script>"))))


def test_a_page_about_no_case_leads_to_sign_in_where_there_is_one() -> None:
    words = Words("zh")
    assert 'href="https://x/signin"' in message_page(words, title="t", sign_in="https://x/signin")
    assert "href" not in message_page(words, title="t")


def test_a_press_that_could_not_be_recorded_is_sent_again_as_it_was() -> None:
    fields = {"do": "refuse", "version": "7", "reason": '不是"我们"的'}
    tags = Tags(message_page(Words("zh"), title="t", again=fields))
    assert {field["name"]: field["value"] for field in tags.of("input")} == fields


def test_the_ground_of_a_case_that_was_moved_is_called_by_its_own_level() -> None:
    """A community that was the owner before stood there as the grid."""
    moved = page(case(unit="works", path=("county", "works"), within="quay"), language="en")
    assert "<dt><level of quay></dt><dd><quay></dd><dt>Unit</dt><dd><works></dd>" in moved
    assert "Grid" not in moved
    assert "level of" not in page(case(within="quay"), language="en"), "said once where the owner lies there"
