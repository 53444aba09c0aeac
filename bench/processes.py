"""CPU and memory of the stack's processes, read from outside."""

import psutil


class Meter:
    """CPU seconds that each named process (with its children) has used since ``start``."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._began = self._cpu()

    def _cpu(self) -> dict[str, float]:
        used = {}
        for name, process in self._processes.items():
            family = [process, *process.children(recursive=True)]
            used[name] = sum(p.cpu_times().user + p.cpu_times().system for p in family)
        return used

    def start(self) -> None:
        self._began = self._cpu()

    def used(self) -> dict[str, float]:
        """Process → CPU seconds."""
        now = self._cpu()
        return {name: now[name] - self._began[name] for name in now}

    def memory(self) -> dict[str, float]:
        """Process → MiB resident."""
        return {name: process.memory_info().rss / 2**20 for name, process in self._processes.items()}
