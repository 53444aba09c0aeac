"""A log that cannot be written is no fault of the work that is logged."""

import resource
import subprocess
import sys
from pathlib import Path

from tests.kit.stack import ROOT

LIMIT = 4096
_PROGRAM = """
import os, structlog
from shared.runtime.observability.logs import set_up_logs
set_up_logs("tests", "json")
for number in range(1000):
    structlog.get_logger().info("line", number=number)
os._exit(7)
"""


def test_lines_for_which_there_is_no_space_are_left_out(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as output:
        ended = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT)),
            env={"PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )
    assert ended.returncode == 7, ended.stderr
    assert log.read_text().startswith('{"number": 0'), "some were written"
    assert log.stat().st_size == LIMIT, "and then there was no space"
