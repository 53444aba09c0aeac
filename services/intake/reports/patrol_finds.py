"""What an officer finds on patrol (巡查发现): handed in (上报), or handled on the spot (当场已处置).

It is checked against the pack and the officer's role.

Nobody may report for others that something was handled: who sends it says that he did it himself. What a county's
platform has of patrols comes by its importer: handed in, or, if it is over, as history.
"""

from datetime import datetime, timedelta

from services.intake.domain.submission import Handled, clean_words
from services.intake.reports.bodies import HandledBody, ReportBody
from shared.city.pack import Pack
from shared.kernel.clock import whole_millis
from shared.kernel.errors import FieldError
from shared.kernel.vocabulary import GRANTED_ABOVE, RESOLVING_ROLES, SHOWN_BY_A_PHOTO
from shared.runtime.identity.directory import Principal

DRAFTS_KEPT = timedelta(days=2)
"""A phone without a network keeps the drafts of a day; what is older is handed in, with words that say when."""
FUTURE = timedelta(minutes=5)


def patrol_errors(body: ReportBody, who: Principal, pack: Pack, now: datetime) -> list[FieldError]:
    """Every wrong field of what is, or pretends to be, a patrol find; none of other reports."""
    if body.channel != "patrol":
        says = "is for what is found on patrol: channel patrol"
        return [] if body.handled is None else [FieldError("/handled", says)]
    if who.kind not in ("officer", "importer"):
        return [FieldError("/channel", "patrol is for people whom the city appoints: send it with their own token")]
    errors = []
    if body.reporter is not None:
        says = "is whoever finds it: for somebody else name the channel by which it came"
        errors.append(FieldError("/reporter", says))
    if body.handled is not None and who.kind == "importer":
        says = "is said by who handled it, with his own token: send it without, or as historic if it is over"
        errors.append(FieldError("/handled", says))
    elif body.handled is not None:
        errors += _may_not_end_so(body, who)
        errors += _wrong_outcome(body, body.handled, pack)
        errors += _wrong_times(body, body.handled, now)
    return errors


def handled_of(body: ReportBody, errors: list[FieldError]) -> Handled | None:
    """What was done, its words cleaned as all words; an error where nothing is left of them."""
    done = body.handled
    if done is None:
        return None
    text = clean_words(done.text, "/handled/text", errors)
    if not text and not errors:
        errors.append(FieldError("/handled/text", "says what was done"))
    return Handled(how=done.how, text=text, photos=tuple(done.photos), at=whole_millis(done.at))


def _may_not_end_so(body: ReportBody, who: Principal) -> list[FieldError]:
    if who.role not in RESOLVING_ROLES:
        return [FieldError("/handled", f"is for those who may resolve cases, not for the role {who.role}: hand it in")]
    if body.kind == "clue":
        return [FieldError("/handled", "a clue is not handled on the spot: hand it in")]
    if body.about_us:
        return [FieldError("/handled", "what is about a unit is looked at by the level above: hand it in")]
    return []


def _wrong_outcome(body: ReportBody, done: HandledBody, pack: Pack) -> list[FieldError]:
    """By the given category, which must be there: how it may end is its matter."""
    category = pack.categories.get(body.category or "")
    if category is None:
        return [FieldError("/category", "is required for what was handled on the spot")]
    allowed = [how for how in pack.outcomes(category.code, body.kind) if how not in GRANTED_ABOVE]
    errors = []
    if done.how not in allowed:
        errors.append(FieldError("/handled/how", f"is none of {', '.join(allowed)}, as this may end on the spot"))
    if category.after_photo == "required" and done.how in SHOWN_BY_A_PHOTO and not done.photos:
        errors.append(FieldError("/handled/photos", "a photo of what was done is required in this category"))
    if set(done.photos) & set(body.photos):
        errors.append(FieldError("/handled/photos", "are from after it: one of them is among the photos from before"))
    return errors


def _wrong_times(body: ReportBody, done: HandledBody, now: datetime) -> list[FieldError]:
    if done.at > now + FUTURE:
        return [FieldError("/handled/at", "lies in the future")]
    if done.at < now - DRAFTS_KEPT:
        return [FieldError("/handled/at", f"is more than {DRAFTS_KEPT.days} days ago: hand it in")]
    if body.observed_at is not None and body.observed_at > done.at:
        return [FieldError("/handled/at", "is before it was found (observed_at)")]
    return []
