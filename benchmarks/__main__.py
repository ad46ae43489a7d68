"""Run the benchmarks: `python -m benchmarks [NAME...]`. Each prints a ratio of its own run."""

import sys

from benchmarks import concurrent_extends, extend, planner

ALL = {"planner": planner.run, "extend": extend.run, "concurrent": concurrent_extends.run}


def main(names: list[str]) -> None:
    if unknown := sorted(set(names) - set(ALL)):
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}.")
    for name in names or ALL:
        print(ALL[name](), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
