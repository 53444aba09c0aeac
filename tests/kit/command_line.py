"""The ``whistle`` command line on a running stack, called in the test's own process."""

from typer.testing import CliRunner

from deploy.main import build
from tests.kit.stack import RunningStack

CLI = CliRunner()


def whistle(stack: RunningStack, *command: str, fails: bool = False) -> str:
    """What a command prints; its complaint when it is expected to fail."""
    told = CLI.invoke(build(), [*command, "--data", str(stack.data)])
    assert told.exit_code == (1 if fails else 0), told.output
    assert "Traceback" not in told.output
    return told.stderr if fails else told.stdout
