"""Half of the load for ten minutes: memory of each process, and whether it grows."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from bench.pipeline import CITY, Bench, single
from bench.report import Row, show
from tests.kit.stack import running_stack

STEPS = 10


def main() -> None:
    """Idle, after the first tenth, at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rate", type=float, default=500.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pack = CITY.write(Path(folder) / "city")
        with running_stack(Path(folder) / "data", [pack]) as stack:
            bench = Bench(stack)
            idle, steps = bench.meter.memory(), []
            for step in range(STEPS):
                make = single(bench.token, f"soak-{step}")
                asyncio.run(bench.load(make, given.seconds / STEPS, 32, rate=given.rate))
                steps.append(bench.meter.memory())
            bench.store.drained()
    rows: list[Row] = []
    for part in idle:
        rows.append((f"{part}: idle", idle[part], "MiB"))
        rows.append((f"{part}: after a tenth", steps[0][part], "MiB"))
        rows.append((f"{part}: half way", steps[STEPS // 2][part], "MiB"))
        rows.append((f"{part}: at the end", steps[-1][part], "MiB"))
    reach = {f"{part}: at the end": "as half way" for part in ("intake", "router", "notifier")}
    show("soak", f"{given.seconds:.0f} s at {given.rate:.0f} reports a second", rows, reach)


if __name__ == "__main__":
    main()
