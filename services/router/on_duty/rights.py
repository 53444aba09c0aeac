"""What a city's pack says of the rights of its people."""

from shared.city.pack import Pack
from shared.city.people.rota import midnight
from shared.runtime.identity.directory import PersonRights


def rights(pack: Pack) -> list[PersonRights]:
    """The people of a pack with their rights; an appointment begins and ends at midnight in the city's zone."""
    return [
        PersonRights(
            id=p.id,
            unit=p.unit,
            role=p.role,
            post=p.post,
            home=p.home,
            since=midnight(p.valid_from, pack.posts.zone) if p.valid_from is not None else None,
            until=midnight(p.valid_to, pack.posts.zone) if p.valid_to is not None else None,
        )
        for p in pack.people.values()
    ]
