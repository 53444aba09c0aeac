"""The harbour with people, shifts and cover that a test makes up."""

from typing import Any

import msgspec

from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from tests.packs import HARBOUR


def harbour_with_posts(**posts: Any) -> Pack:
    """The harbour with other people; ``calendars``: more of them."""
    files = read_folder(HARBOUR)
    files["calendars.yaml"] += "".join(f"  - {entry}\n" for entry in posts.pop("calendars", ()))
    files["posts.yaml"] = msgspec.json.encode({name.rstrip("_"): value for name, value in posts.items()}).decode()
    return read_pack(files)


def person(id_: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "name": id_, "unit": "quayside", "role": "duty_officer", "post": "A", **more}
