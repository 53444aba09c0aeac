"""A pack's people as rows of the directory: unit, role, post, home, and when their appointment begins and ends."""

from shared.city.pack import Pack
from shared.city.people.rota import midnight
from shared.runtime.identity.directory import PersonRights


def rights(pack: Pack) -> list[PersonRights]:
    """The people of a pack with their rights; an appointment begins and ends at midnight in the city's zone."""
    appointed = pack.city.administrators
    offices = {"ops": appointed.ops, "setup": appointed.setup, "auditor": appointed.auditor}
    return [
        PersonRights(
            id=p.id,
            unit=p.unit,
            role=p.role,
            post=p.post,
            home=p.home,
            since=midnight(p.valid_from, pack.posts.zone) if p.valid_from is not None else None,
            until=midnight(p.valid_to, pack.posts.zone) if p.valid_to is not None else None,
            offices=tuple(office for office, people in offices.items() if p.id in people),
        )
        for p in pack.people.values()
    ]
