"""`./run prove [NAME ...]`: run the long proofs; each prints what it found and fails loudly if a claim does not hold."""

import sys

from benchmarks.prove import distributions, fairness, fuzz, log, recency, shards, teams

PROOFS = {"fairness": fairness.run, "shards": shards.run, "distributions": distributions.run, "recency": recency.run, "teams": teams.run, "log": log.run, "fuzz": fuzz.run}


def main(names: list[str]) -> int:
    """Run the named proofs, or all; return 1 if one does not hold, 64 for an unknown name."""
    unknown = sorted(set(names) - set(PROOFS))
    if unknown:
        print(f"unknown proof {unknown[0]}; there are {', '.join(PROOFS)}", file=sys.stderr)
        return 64
    return int(not all([PROOFS[name]() for name in names or PROOFS]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
