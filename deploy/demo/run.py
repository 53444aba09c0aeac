"""Plays both acts on a stack of its own, then tells their timelines."""

import json
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from deploy.cli.api import Api, Failed, JsonObject
from deploy.cli.screen import show_json, span
from deploy.cli.terminal import err, out, say
from deploy.counting import counted
from deploy.demo.expect import Expectations, Unmet
from deploy.demo.mended import mended
from deploy.demo.neglected import neglected
from deploy.demo.play import Play
from deploy.demo.receiver import receiving
from deploy.demo.scenes import scenes
from deploy.demo.stage import stage
from deploy.demo.telling import story, tell
from deploy.local.morning import working_morning
from deploy.local.ops_token import OpsToken
from shared.city.problems import PackProblems
from shared.city.reading import read_folder, read_pack


def demo(city: Path, keep: bool, as_json: bool) -> None:
    """Play, tell, stop. Failed when something expected did not come, or the pack cannot be played."""
    began = time.monotonic()
    notes = Expectations(say)
    try:
        pack = read_pack(read_folder(city))
        if not pack.people:
            raise Unmet(f"people in {city / 'posts.yaml'}: somebody has to claim what is reported")
        with stage(city, keep, working_morning(pack.city.timezone)) as data, receiving() as receiver:
            dev = json.loads((data / "dev.json").read_text())
            up = time.monotonic()
            say(f"the stack is up after {span(up - began)}: {', '.join(dev['urls'].values())}")
            with httpx.Client(timeout=15.0, trust_env=False) as http:
                play = Play(Api(http, dev["urls"], OpsToken(dev["ops"])), dev, pack, receiver, notes)
                there = play.now.astimezone(ZoneInfo(pack.city.timezone))
                say(f"its clock says {there:%A %Y-%m-%d %H:%M} in {pack.city.timezone}")
                whole = _played(play, as_json)
            played = time.monotonic()
            if keep:
                out.print(f"\nit runs on: `whistle status --data {data}`, `whistle down --data {data}`")
    except PackProblems as problems:
        raise Failed(f"{city} is no pack that can be played:\n{problems}") from problems
    except Unmet as unmet:
        raise Failed(str(unmet)) from unmet
    except KeyboardInterrupt:
        raise Failed("interrupted; everything is stopped") from None
    ended = time.monotonic()
    times = {"up": up - began, "play": played - up, "stop": ended - played, "whole": ended - began}
    if as_json:
        show_json({**whole, "expectations_met": notes.met, "seconds": {k: round(v, 2) for k, v in times.items()}})
    else:
        out.print(
            f"\n✓ {counted(notes.met, 'expectation')} met; " + ", ".join(f"{k} {span(v)}" for k, v in times.items())
        )


def _played(play: Play, as_json: bool) -> JsonObject:
    """Both acts, and what the services tell of them afterwards."""
    first, second = scenes(play.pack, play.now)
    acts = {
        "mended": (mended, first, "一、接单办结 seen to"),
        "neglected": (neglected, second, "二、逐级上报 left alone"),
    }
    told: JsonObject = {"city": play.pack.city.id, "pack_version": play.pack.version}
    for name, (act, scene, title) in acts.items():
        err.print(f"\n{title}: {scene.words}")
        played = act(play, scene)
        told[name] = story(play, played)
        if not as_json:
            tell(play, played, told[name], title)
    return told
