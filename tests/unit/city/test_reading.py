"""Reading packs: all errors at once with file and place, versions by content, schemas, bounds."""

import time
from pathlib import Path

import jsonschema
import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.city import pack_files, yaml_text
from shared.city.pack import Pack
from shared.city.pack_files import LISTS
from shared.city.problems import PackProblems, Problem
from shared.city.reading import read_folder, read_pack
from shared.city.schemas import schemas
from tests.packs import HARBOUR, SHEYANG, pack_of

SCHEMAS = Path(__file__).parents[3] / "docs" / "reference" / "pack"


def problems_of(**changed: str | None) -> list[Problem]:
    """What is wrong with the harbour pack after replacing files (``units="…"`` is units.yaml; None removes one)."""
    files = read_folder(HARBOUR)
    for name, text in changed.items():
        file = "areas.geojson" if name == "areas" else f"{name}.yaml"
        if text is None:
            del files[file]
        else:
            files[file] = text
    try:
        read_pack(files)
    except PackProblems as found:
        return found.problems
    return []


def harbour(name: str) -> str:
    return read_folder(HARBOUR)[name]


def test_both_packs_are_valid() -> None:
    assert pack_of(HARBOUR).warnings == ()
    sheyang = pack_of(SHEYANG)
    assert sheyang.warnings == ()
    levels = [unit.level for unit in sheyang.units.values()]
    assert (levels.count("community"), levels.count("grid")) == (12, 108)
    assert sum(person.role == "grid_member" for person in sheyang.people.values()) == 137


def test_sheyang_is_staffed_as_the_account_says() -> None:
    pack = pack_of(SHEYANG)
    for unit in pack.units.values():
        if unit.level == "grid":
            assert len(pack.people_at(unit.id, roles=frozenset({"grid_leader"}))) == 1
            assert pack.people_at(unit.id, post="B", roles=frozenset({"grid_member"}))
        if unit.level == "community":
            assert len(pack.people_at(unit.id, post="A")) >= 2
    assert pack.units["jiaotonglu-g1"].path == ("sheyang", "hede", "jiaotonglu", "jiaotonglu-g1")


def test_every_error_is_told_at_once_with_file_and_place() -> None:
    found = problems_of(
        units="""units:
  - {id: oosterhaven, level: municipality, name: Oosterhaven}
  - {id: quayside, level: district, parent: nowhere, name: Quayside, naem_en: x}
  - {id: millfield, level: district, parent: oosterhaven, name: 7}
  - {id: millfield, level: district, parent: oostehaven, name: M}
""",
        commitments="- {class: default, acknowledge: ten minutes, resolve: P1M, calendar: offices, ladder: [{at: 2}]}",
        rules="- {id: a, when: {category: flod}, then: {unit: nobody}}",
    )
    told = {(problem.file, problem.place.split(" ")[0]) for problem in found}
    assert {
        ("units.yaml", "/units/1/naem_en"),
        ("units.yaml", "/units/2/name"),
        ("units.yaml", "/units/3/parent"),
        ("commitments.yaml", "/0/acknowledge"),
        ("rules.yaml", "/0"),
        ("rules.yaml", "/0/then"),
    } <= told
    hints = {problem.place: problem.hint for problem in found}
    assert "name_en" in hints["/units/1/naem_en (line 3)"]


def test_a_commitment_that_reads_is_checked_through() -> None:
    found = problems_of(
        commitments="- {class: default, acknowledge: PT0S, resolve: P1M, calendar: offices, warn_at: 0.5,"
        " ladder: [{at: 2, tell: own}, {at: +P, tell: mayor}, {at: 0.5, tell: own, move_to: parent},"
        " {at: 1, clock: on_site, tell: own}]}\n"
        "- {category: flooding, class: danger, acknowledge: PT1H, resolve: PT2H}",
    )
    told = {problem.place.split(" ")[0] for problem in found}
    assert told >= {
        "/0/acknowledge",
        "/0/resolve",
        "/0/calendar",
        "/0/ladder/0/at",
        "/0/ladder/1/at",
        "/0/ladder/1/tell",
        "/0/ladder/2/at",
        "/0/ladder/3/clock",
        "/1",
    }


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("city", None, "missing"),
        ("city", "", "empty"),
        ("city", "id: x\nid: y", "given twice"),
        ("units", "units: [", "did not find"),
        ("units", "units: 3", "expected a list"),
        ("units", "unit: []", "unknown key"),
        ("units", "- 3", "Expected `object`"),
        ("units", "- {id: a b, level: x, name: x}", "matching regex"),
        ("units", "- {id: oosterhaven, level: a, name: x}\n- {id: q, level: b, name: y}", "has no parent"),
        ("units", "- {id: a, level: a, name: x, parent: b}\n- {id: b, level: b, name: y, parent: a}", "circle"),
        ("categories", "- {code: a, name: a, priority: high}", "danger"),
        ("categories", "- {code: a, name: a, priority: low, keywords: [a]}", "no category with the code 'other'"),
        ("categories", "- {code: a, name: a, priority: low, public: true, about_people: true}", "not about people"),
        ("calendars", '- {id: office, hours: ["08:00-12:00", "11:00-15:00"]}', "follow each other"),
        ("calendars", '- {id: always, hours: ["08:00-17:00"]}', "built in"),
        ("posts", "- {id: a, name: a, unit: quayside, role: boss}", "Invalid enum"),
        ("posts", "people: []\nswaps: [{from: a, to: b, on: 2026-01-01}]", "nobody in posts.yaml"),
        ("places", "- {name: a, unit: nowhere}", "no unit"),
        ("areas", "{", "truncated"),
        ("areas", '{"type": "FeatureCollection", "features": [{"properties": {}}]}', "unit"),
        ("commitment", "[]", "not a file of a city pack"),
    ],
)
def test_what_is_wrong_is_said(name: str, text: str | None, message: str) -> None:
    assert any(message in str(problem) for problem in problems_of(**{name: text})), problems_of(**{name: text})


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        ('{"type": "Point", "coordinates": [1, 2]}', "expected Polygon"),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}', "not a valid polygon"),
        ('{"type": "Polygon", "coordinates": [[[500, 0], [501, 1], [501, 0], [500, 0]]]}', "not in degrees"),
        ('{"type": "Polygon", "coordinates": []}', "empty"),
        ("null", "not a GeoJSON geometry"),
    ],
)
def test_areas_are_valid_polygons(geometry: str, message: str) -> None:
    feature = f'{{"type": "Feature", "properties": {{"unit": "quayside"}}, "geometry": {geometry}}}'
    found = problems_of(areas=f'{{"type": "FeatureCollection", "features": [{feature}]}}')
    assert [problem.place for problem in found] == ["/features/0/geometry"]
    assert message in found[0].message


@pytest.mark.parametrize(
    "text",
    [
        "secrets: {wecom: abc123}",
        "note: 'https://hooks.example/send?key=0123456789abcdef'",
        "note: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ],
)
def test_secrets_stand_in_the_environment(text: str) -> None:
    found = problems_of(city=harbour("city.yaml") + text)
    assert found
    assert all("secret in plain text" in problem.message for problem in found)
    assert not problems_of(city=harbour("city.yaml") + "secrets: {wecom: '${WECOM_KEY}'}")


def test_a_forced_photo_names_what_it_is_required_by() -> None:
    files = read_folder(HARBOUR)
    lamp, forced = "{code: street_light, ", "{code: street_light, after_photo: required, "
    files["categories.yaml"] = files["categories.yaml"].replace(lamp, forced)
    assert any("a photo is forced" in str(warning) for warning in read_pack(files).warnings)
    files["categories.yaml"] = files["categories.yaml"].replace(forced, f"{forced}note: by the harbour's order, ")
    assert read_pack(files).warnings == ()
    assert pack_of(HARBOUR).categories["street_light"].after_photo == "asked"


def test_a_child_outside_its_parent_is_a_warning() -> None:
    files = read_folder(HARBOUR)
    files["areas.geojson"] = files["areas.geojson"].replace("[4.35, 52.15], [4.3, 52.15]", "[4.35, 52.2], [4.3, 52.2]")
    assert any("20% of the area" in str(w) for w in read_pack(files).warnings)


def test_the_version_is_that_of_the_content() -> None:
    files = read_folder(HARBOUR)
    version = read_pack(files).version
    reformatted = {
        name: "# a comment\n" + yaml.safe_dump(yaml_text.parse(text), sort_keys=True)
        if name != "areas.geojson"
        else text
        for name, text in files.items()
    }
    reformatted["areas.geojson"] = msgspec.json.format(files["areas.geojson"], indent=4)
    assert read_pack(reformatted).version == version
    changed = files | {"rules.yaml": files["rules.yaml"].replace("low", "normal")}
    assert read_pack(changed).version != version


def test_the_schemas_in_the_docs_are_those_of_the_code_and_both_packs_fit_them() -> None:
    made = schemas()
    assert {file.name: file.read_text(encoding="utf-8") for file in SCHEMAS.glob("*.json")} == made
    for folder in (HARBOUR, SHEYANG):
        for name, text in read_folder(folder).items():
            value = msgspec.json.decode(text) if name.endswith("json") else yaml_text.parse(text)
            jsonschema.validate(value, msgspec.json.decode(made[name.rpartition(".")[0] + ".schema.json"]))


def test_a_schema_has_of_each_kind_of_channel_the_fields_that_the_check_allows() -> None:
    """An editor that completes by the schema offers nothing that ``whistle city check`` refuses."""
    shape = msgspec.json.decode(schemas()["units.schema.json"])
    unit = {"id": "q", "level": "district", "name": "Q"}
    fine = {"wecom": "${CHANNEL_HARBOUR_A}", "sms": {"to": "${CHANNEL_HARBOUR_B}", "length": 70}}
    jsonschema.validate([{**unit, "channels": fine}], shape)
    for channels in ({"wecom": {"to": "1"}}, {"sms": {"secret": "s"}}, {"fax": "1"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate([{**unit, "channels": channels}], shape)


def test_yaml_is_read_as_words() -> None:
    assert yaml_text.parse("[08:30, 2026-01-01, no, 012, 0.8, 7, true, ~, '1', 1e400]") == [
        "08:30", "2026-01-01", "no", "012", 0.8, 7, True, None, "1", "1e400",
    ]  # fmt: skip
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
    )
    for text in (bomb, "[" * 200 + "]" * 200, "a: 1\na: 2", "a: &a [*a]", "- {<<: {a: 1}}", "a\n---\nb"):
        with pytest.raises(yaml_text.BadYaml):
            yaml_text.parse(text)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([*LISTS, "city.yaml", "areas.geojson"]), json_like)
def test_any_file_is_refused_with_words_or_read(name: str, value: object) -> None:
    files = read_folder(HARBOUR) | {name: msgspec.json.encode(value).decode()}
    try:
        assert isinstance(read_pack(files), Pack)
    except PackProblems as found:
        assert found.problems
        assert all(problem.file and problem.message for problem in found.problems)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(["units.yaml", "commitments.yaml", "rules.yaml", "posts.yaml"]), st.data())
def test_a_pack_with_a_piece_cut_out_never_breaks_the_reader(name: str, data: st.DataObject) -> None:
    files = read_folder(HARBOUR)
    start = data.draw(st.integers(0, len(files[name])))
    end = data.draw(st.integers(start, min(len(files[name]), start + 30)))
    try:
        read_pack(files | {name: files[name][:start] + files[name][end:]})
    except PackProblems as found:
        assert found.problems


def many(count: int) -> str:
    return ",".join(f"u{n}" for n in range(count))


WORST = {
    "wrong entries": ("units", "[" + many(19_000) + "]"),
    "too many entries": ("units", "units: [" + "a," * 100_000 + "a]"),
    "more side by side than any pack has": ("units", "units: [" + "a," * 1_900_000 + "a]"),
    "unknown keys": ("calendars", "{" + ",".join(f"unit{n}: 1" for n in range(50_000)) + "}"),
    "unknown fields": ("units", "[{" + ",".join(f"unit{n}: 1" for n in range(50_000)) + "}]"),
    "a long key": ("units", "[{? " + "n" * 1_000_000 + " : 1}]"),
    "long keys": ("units", "[" + ",".join("{? " + f"{n}" + "name" * 1000 + " : 1}" for n in range(1000)) + "]"),
    "unknown keys of a list of lists": ("rules", "[[" + many(100_000) + "]]"),
    "lists of nothing": ("areas", '{"type":"FeatureCollection","features":[' + "[]," * 8_000_000 + "[]]}"),
    "members of nobody": ("areas", '{"type":"FeatureCollection","features":[],"x":[' + "[]," * 8_000_000 + "[]]}"),
}


@pytest.mark.parametrize("name", WORST)
def test_a_pack_that_is_wrong_in_a_million_places_is_refused_at_the_cost_of_counting_them(name: str) -> None:
    """B93. Work is counted, as seconds depend on the machine: at most the steps of one reading of 200,000 values."""
    file, text = WORST[name]
    began = time.process_time()
    found = problems_of(**{file: text})
    assert 0 < len(found) <= PackProblems.MOST
    assert time.process_time() - began < 15, "1.9 million wrong entries took minutes"
    assert sum(len(problem.message) + len(problem.hint) for problem in found) < 1_000_000


def test_all_files_of_a_pack_share_one_number_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """B93."""
    monkeypatch.setattr(pack_files, "MOST_NODES", 1500)
    half = "[" + "[a,b,c,d,e,f,g],\n" * 100 + "]"
    assert problems_of(merit=half) == []
    [problem] = problems_of(merit=half, stations=half)
    assert problem.file in ("stations.yaml", "units.yaml") and "values in the pack" in problem.message


def test_lines_are_looked_for_up_to_the_last_that_is_wanted() -> None:
    text = "a: 1\nb:\n  - 2\n  - c: 3\n" + "d: [" + "x," * 100_000 + "x]\n{"
    assert yaml_text.lines(text, {"/b/1/c", "/a"}) == {"/a": 1, "/b/1/c": 4}
    assert yaml_text.lines("a: 1\nb: ]", {"/a", "/b"}) == {"/a": 1}
