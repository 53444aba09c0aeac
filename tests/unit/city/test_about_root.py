"""Promise: the check warns of a pack whose reports about the root (回避) would reach nobody, or would never end."""

import pytest

from shared.city.reading import read_folder, read_pack
from tests.packs import GARDENS


@pytest.mark.parametrize(
    ("posts", "says"),
    [
        ([("post: A", "post: B")], "reach nobody"),
        ([("  - {id: discipline.head", "# ")], "rules on what its desk asks for, or inspects"),
        ([("role: supervisor", "role: department_officer")], "rules on what its desk asks for, or inspects"),
        ([], ""),
    ],
    ids=["nobody at the desk", "one person alone", "no superior", "as the pack has it"],
)
def test_the_unit_that_is_named_for_the_root_has_people_of_its_own_for_all_that_a_case_needs(
    posts: list[tuple[str, str]], says: str
) -> None:
    files = read_folder(GARDENS)
    for before, after in posts:
        lines = files["posts.yaml"].splitlines()
        changed = [line.replace(before, after) if "discipline." in line else line for line in lines]
        files["posts.yaml"] = "\n".join(changed)
    about = [problem for problem in read_pack(files).warnings if problem.place.startswith("/about_root")]
    assert [says in problem.message for problem in about] == ([True] if says else [])
