"""``whistle person erase``: a reporter's personal data is deleted."""

from deploy.cli.api import Api
from deploy.cli.screen import show_json
from deploy.cli.terminal import out


def erase(api: Api, city: str, app: str, ref: str, now: bool, as_json: bool) -> None:
    """Erase the person whom ``app`` calls ``ref``; ``now``: the master key goes at once, not within a day.

    Refused when there is no such city or app; then no key is destroyed either.
    """
    told = api.post("intake", "/v1/reporters:erase", {"city": city, "app": app, "ref": ref})
    if now:
        told |= {"keys": api.post("intake", "/v1/reporters:rewrap", {})}
    if as_json:
        show_json(told)
    else:
        out.print(f"{told['reporter']}: {'erased' if told['erased'] else 'nothing was kept of this person'}")
        if now:
            keys = told["keys"]
            gone = ", ".join(map(str, keys["destroyed"])) or "none"
            out.print(
                f"master keys destroyed: {gone}; {keys['rewrapped']} keys of others are under {keys['generation']} now"
            )
