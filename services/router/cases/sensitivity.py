"""Which unit is told of a sensitive case (敏感件) at once, by the pack."""

from shared.city.pack import Pack


def sensitive_to(pack: Pack, owner: str) -> str:
    """The unit that the pack names, by its id or as a level at or above ``owner``; else the root."""
    word = pack.city.sensitive_to
    return (pack.target(word, owner) if word is not None else None) or pack.root.id
