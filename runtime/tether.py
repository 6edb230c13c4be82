"""Become another program that ends when its parent does. Run as a script, imported by nobody.

``python tether.py PARENT SIGNAL USER PROGRAM ARG…``: become USER (unless it is ``-``), ask the kernel for
SIGNAL when process PARENT dies, then turn into PROGRAM under the same process id. A killed parent cannot
stop its children itself; on Linux this does it. Elsewhere only the user is changed.

A program of its own, not a ``preexec_fn``: that one would run Python in a forked copy of a process with
threads, which may hang.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def become_user(name: str) -> None:
    """Drop root for good."""
    import pwd  # not on Windows

    user = pwd.getpwnam(name)
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(HOME=user.pw_dir, USER=name, LOGNAME=name)


def follow_parent(parent: int, signal: int) -> None:
    """Die with the parent. After the change of user, which would undo it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel knew
        sys.exit(0)


def main() -> None:
    """See the module."""
    parent, signal, user, program, *arguments = sys.argv[1:]
    if user != "-":
        become_user(user)
    follow_parent(int(parent), int(signal))
    os.umask(0o077)
    try:
        os.execv(program, [program, *arguments])  # noqa: S606 - this is what it is for
    except OSError as error:
        sys.exit(f"{program}: {error.strerror}")


if __name__ == "__main__":
    main()
