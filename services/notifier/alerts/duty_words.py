"""What alerts of duties say: whose duty somebody takes and when, and which post somebody is appointed to."""

from datetime import date

from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.city.people.rota import RotaChanges


def swap_text(owner: Person, by: Person, on: date, pack: Pack, rota: RotaChanges) -> str:
    """3月4日 08:00–18:00 接替值班员甲：交通路社区A岗."""
    zone, chinese = pack.posts.zone, _chinese(pack)
    taken = [turn for turn in pack.posts.turns(by, on, on, rota) if turn.instead_of == owner.id]
    hours = f" {taken[0].start.astimezone(zone):%H:%M}–{taken[-1].end.astimezone(zone):%H:%M}" if taken else ""
    post = _post(owner, pack)
    if chinese:
        return f"{on.month}月{on.day}日{hours} 接替{owner.name}：{post}"
    return f"on {on.isoformat()}{hours} you take the duty of {owner.name_en or owner.name}: {post}"


def appointment_text(person: Person, pack: Pack, today: date) -> str:
    """您任职：交通路社区B岗，自2026年3月9日起; the day only where it lies ahead."""
    chinese, post = _chinese(pack), _post(person, pack)
    starts = person.valid_from if person.valid_from is not None and person.valid_from > today else None
    if chinese:
        since = f"，自{starts.year}年{starts.month}月{starts.day}日起" if starts else ""
        return f"您任职：{post}{since}"
    return f"you are appointed: {post}" + (f", from {starts.isoformat()} on" if starts else "")


def _post(person: Person, pack: Pack) -> str:
    """交通路社区A岗, "post A at Quayside"; only the unit for somebody without a post."""
    unit = pack.units.get(person.unit)
    if _chinese(pack):
        name = unit.name if unit is not None else person.unit
        return name + posts_name(person, chinese=True)
    name = (unit.name_en or unit.name) if unit is not None else person.unit
    return f"{posts_name(person, chinese=False)} at {name}" if person.post else name


def posts_name(person: Person, *, chinese: bool) -> str:
    """A岗, A、B岗; "post A", "posts A and B"; empty for somebody without a post."""
    if not person.posts:
        return ""
    if chinese:
        return "、".join(person.posts) + "岗"
    return ("post " if len(person.posts) == 1 else "posts ") + " and ".join(person.posts)


def _chinese(pack: Pack) -> bool:
    return pack.city.languages[0].startswith("zh")
