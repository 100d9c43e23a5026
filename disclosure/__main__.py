"""`python -m disclosure`: the auditor's commands. Nothing here needs the service, a network or a database."""

import sys
from collections.abc import Sequence
from importlib import import_module

__all__ = ["main"]

USAGE = 64
COMMANDS = ("audit", "cosign", "diff", "mirror", "monitor", "verify")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command named first; return its exit status, 64 for a command that does not exist."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in COMMANDS:
        # Imported late: `verify` of a file on disk loads nothing that could open a connection.
        status: int = import_module(f"disclosure.command.{words[0]}").run(words[1:])
        return status
    print("用法 usage: python -m disclosure verify BUNDLE [--policy POLICY] [--verdicts]", file=sys.stderr)
    print("           python -m disclosure audit SOURCE [--policy POLICY]", file=sys.stderr)
    print("           python -m disclosure mirror SOURCE FOLDER [--policy POLICY]", file=sys.stderr)
    print("           python -m disclosure diff CHECKPOINT CHECKPOINT... [--log SOURCE] [--policy POLICY]", file=sys.stderr)
    print("           python -m disclosure cosign --help", file=sys.stderr)
    print("           python -m disclosure monitor SOURCE [--policy POLICY] [--json]", file=sys.stderr)
    return 0 if words in (["help"], ["--help"], ["-h"]) else USAGE


if __name__ == "__main__":
    sys.exit(main())
