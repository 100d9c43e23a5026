"""`./run bench [NAME ...]`: every timing of this project, beside its peers, in one run on one machine.

Ratios are the result; seconds depend on the machine. Each figure is the median of several runs, peers interleaved.
"""

import sys

from benchmarks import draw, log, registry, selection, service, teams, tickets, whole

BENCHMARKS = {"selection": selection.run, "draw": draw.run, "service": service.run, "tickets": tickets.run, "whole": whole.run, "teams": teams.run, "log": log.run, "registry": registry.run}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; return 64 for an unknown name."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"unknown benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 64
    for name in names or BENCHMARKS:
        print(f"\n== {name}: {(BENCHMARKS[name].__doc__ or '').splitlines()[0]}", flush=True)
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
