"""Ties a child to the life of its parent, then becomes the child's program.

Run by path as `python -I -S tether.py PARENT_PID PROGRAM ARG…`; standard library only, so that it starts in some 20 ms.
The kernel sends SIGKILL when the *thread* that forked ends, so the parent must spawn from a thread that lasts as long
as it does (the event loop's). The setting survives exec, except of set-uid programs and those with file capabilities.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Have the kernel end this process when ``parent`` ends; exit 1 without a sound if it is gone already."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died between fork and prctl: nobody is left to send the signal
        sys.exit(1)


def main() -> None:
    """Tie the process to its parent and exec the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    end_with(parent)
    os.execvp(program[0], program)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
