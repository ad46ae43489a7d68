"""A contender as the benchmark sees it: a process that ticks when it is told to."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from benchmarks.tick.fleet import Stage

READS = ("Describe", "List", "Get")


@dataclass(frozen=True)
class Sample:
    """One tick: AWS calls by operation, what it did, its seconds, the process' memory in MiB.

    Of the seconds, `listing` are the predecessor's for its list of parameters.
    """

    calls: dict[str, int]
    judged: int
    changes: int
    listing: float
    seconds: float
    peak: float
    resident: float

    @property
    def count(self) -> int:
        return sum(self.calls.values())

    def changed_nothing(self, endpoints: int) -> bool:
        """Say whether every endpoint was judged, and nothing but reading was done."""
        only_read = all(name.startswith(READS) for name in self.calls)
        return self.judged == endpoints and not self.changes and only_read


@dataclass
class Contender:
    """Takes its turns; the first one finds a cold process and stands by itself."""

    name: str
    stage: Stage
    process: "subprocess.Popen[str]"
    turns: list[Sample] = field(default_factory=list)

    def tick(self) -> Sample:
        self.stage.calls()
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError(f"{self.name} has no pipes")
        print(file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} broke off")
        return Sample(self.stage.calls(), **json.loads(answer))

    def tick_in_peace(self, endpoints: int) -> Sample:
        """Tick, and insist that it was the tick that changes nothing."""
        sample = self.tick()
        if not sample.changed_nothing(endpoints):
            raise RuntimeError(f"{self.name} did not leave {endpoints} in peace: {sample}")
        return sample

    def take_turn(self, endpoints: int) -> None:
        self.turns.append(self.tick_in_peace(endpoints))

    def growth(self, endpoints: int, ticks: int) -> float:
        """Tick on, and say how many MiB more the process holds afterwards."""
        last = self.turns[-1]
        for _ in range(ticks):
            last = self.tick_in_peace(endpoints)
        return last.resident - self.turns[-1].resident

    @property
    def first(self) -> Sample:
        return self.turns[0]

    @property
    def calls(self) -> int:
        return max(sample.count for sample in self.turns[1:])

    @property
    def seconds(self) -> float:
        return median(sample.seconds for sample in self.turns[1:])

    @property
    def listing(self) -> float:
        return median(sample.listing for sample in self.turns[1:])

    @property
    def peak(self) -> float:
        return self.turns[-1].peak


@contextmanager
def contending(name: str, command: Sequence[str], stage: Stage) -> Iterator[Contender]:
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=stage.environment,
        text=True,
    ) as process:
        try:
            yield Contender(name, stage, process)
        finally:
            process.kill()
