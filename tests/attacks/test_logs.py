"""What strangers write never becomes a line of its own in a log, nor a colour, nor does a secret."""

import json
import subprocess
import sys

LINE = 'lamp\n{"level": "critical", "event": "forged"}\r\n\x1b[31mred\x1b[0m\u2028next'
SECRETS = {"error": "Bearer whk_app_abc123 said 13812345678", "token": "t0ken", "secret": "s3cret", "url": "whsec_a+/="}
_PROGRAM = """
import json, logging, sys, structlog
from shared.runtime.observability.logs import set_up_logs
set_up_logs("test", "json")
words = json.load(sys.stdin)
structlog.get_logger().warning("x", **words)
logging.getLogger("library").warning("says %s", words)
"""


def logged(**words: str) -> list[str]:
    """The lines of a process that logs ``words``, ours and a library's."""
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM], input=json.dumps(words), capture_output=True, text=True, check=True
    )
    return ran.stdout.rstrip("\n").split("\n")


def test_a_line_break_in_what_was_sent_makes_no_second_line() -> None:
    """B41."""
    lines = logged(words=LINE, error=LINE)
    assert [json.loads(line)["level"] for line in lines] == ["warning", "warning"]
    assert not any("\x1b" in line for line in lines)
    assert json.loads(lines[0])["words"] == LINE


def test_tokens_phones_and_secrets_are_no_part_of_a_line() -> None:
    line = logged(**SECRETS)[0]
    assert not any(word in line for word in ("whk_app_abc123", "13812345678", "t0ken", "s3cret", "whsec_a"))
