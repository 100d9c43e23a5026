"""Becomes a PostgreSQL program: takes on the right account, ties its life to the parent's, and execs.

Run as a script of its own, `python -I -S launcher.py ACCOUNT PARENT PROGRAM ARGUMENT...`, so that nothing of
ours runs between fork and exec of a process that may have threads. Standard library only.

ACCOUNT is one of

    same          stay who we are (an ordinary user)
    namespace     root, seen as uid 65534 inside a new user namespace: PostgreSQL refuses to run as uid 0,
                  while the kernel goes on applying root's file rights
    UID:GID       change to this account (root, where user namespaces are refused)

PARENT is the parent's process id: if it dies, the kernel sends SIGINT, PostgreSQL's order for a fast and
clean shutdown. "0" leaves the program on its own. Exit status 125: the account could not be taken on.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000  # <linux/sched.h>
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
NOBODY = 65534
ACCOUNT_REFUSED = 125


def enter_namespace(libc: ctypes.CDLL) -> None:
    """Go on as uid and gid 65534 of a new user namespace that maps them to our own."""
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    # The kernel wants setgroups refused before an unprivileged gid map is accepted (user_namespaces(7)).
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1")


def main(account: str, parent: int, command: list[str]) -> int:  # noqa: RET503
    """Never returns if all is well; else the exit status, with the reason on standard error."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        if account == "namespace":
            enter_namespace(libc)
        elif account != "same":
            uid, gid = (int(number) for number in account.split(":"))
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
    except OSError as error:
        print(f"launcher: account {account}: {error}", file=sys.stderr)
        return ACCOUNT_REFUSED
    if parent:
        # After the change of account, since that clears the setting (prctl(2)).
        if sys.platform == "linux":
            libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:  # it died before the setting was made
            return 1
    os.execv(command[0], command)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
