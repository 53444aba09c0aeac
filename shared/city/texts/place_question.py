"""What a reporter is asked whose words name several places: which of them is meant."""

from collections.abc import Sequence

from shared.city.texts.reporter_steps import is_chinese


def which_place(candidates: Sequence[tuple[str, str]], language: str) -> str:
    """The question. ``candidates``: each place with the unit that answers for it, both by name; numbered from 1."""
    chinese = is_chinese(language)
    named = [
        f"{number}. {place}" + (f"（{unit}）" if chinese else f" ({unit})") if place != unit else f"{number}. {unit}"
        for number, (place, unit) in enumerate(candidates, 1)
    ]
    if chinese:
        return f"您说的是哪一处：{'；'.join(named)}？请回复序号，或补充地点"
    return f"Which place do you mean: {'; '.join(named)}? Answer with its number, or say where it is"
