"""`python -m disclosure`: the auditor's commands. Nothing here needs the service, a network or a database."""

import sys
from collections.abc import Sequence

from disclosure.command import verify

__all__ = ["main"]

USAGE = 64
COMMANDS = {"verify": verify.run}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command named first; return its exit status, 64 for a command that does not exist."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in COMMANDS:
        return COMMANDS[words[0]](words[1:])
    print("用法 usage: python -m disclosure verify BUNDLE [--policy POLICY] [--verdicts]", file=sys.stderr)
    return 0 if words in (["help"], ["--help"], ["-h"]) else USAGE


if __name__ == "__main__":
    sys.exit(main())
