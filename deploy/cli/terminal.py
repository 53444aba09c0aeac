"""Where commands print: answers on standard output, progress and complaints on standard error."""

import time

from rich.console import Console

out = Console(highlight=False, markup=False, soft_wrap=True)
err = Console(highlight=False, markup=False, soft_wrap=True, stderr=True)


def say(line: str) -> None:
    """One line of progress, with the time of day."""
    err.print(f"{time.strftime('%H:%M:%S')}  {line}")
