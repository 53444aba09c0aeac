"""``python -m tests.simulation SEED``: one seed again, with its trace."""

import sys

from tests.simulation.seed import Broken, run_seed


def _show(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> int:
    try:
        outcome = run_seed(int(sys.argv[1]), _show)
    except Broken as broken:
        sys.stdout.write(f"BROKEN {broken}\n")
        return 1
    sys.stdout.write(f"{outcome}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
