"""Run the benchmarks: `python -m benchmarks [NAME...]`. Each prints ratios of its own run."""

import sys

from benchmarks import (
    cold_start,
    concurrent_extends,
    contention,
    extend,
    fleet_list,
    long_history,
    planner,
    report,
    writers,
)
from benchmarks.tick import compare

ALL = {
    "cold-start": cold_start.run,
    "planner": planner.run,
    "extend": extend.run,
    "concurrent": concurrent_extends.run,
    "contention": contention.run,
    "writers": writers.run,
    "tick": compare.run,
    "long-history": long_history.run,
    "report": report.run,
    "fleet-list": fleet_list.run,
}
BY_NAME = {**ALL, "tick-5000": compare.run_large, "writers-200": writers.run_crowd}


def main(names: list[str]) -> None:
    if unknown := sorted(set(names) - set(BY_NAME)):
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(BY_NAME)}.")
    for name in names or ALL:
        print(BY_NAME[name](), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
