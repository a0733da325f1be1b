"""The operating system account that the embedded server runs under."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from fieldstone.sql.errors import EmbeddedServerError
from fieldstone.sql.frozen import frozen

# PostgreSQL refuses to run as root; these exist nearly everywhere, and initdb needs an entry in passwd.
_ACCOUNTS_FOR_ROOT = ("postgres", "nobody")

# Without the caller's environment: PGPORT, PGDATA, locale and time zone variables change the server's behaviour.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


@frozen
class Account:
    """The account that runs the server; `uid` and `gid` are None for this process's own user."""

    name: str
    uid: int | None = None
    gid: int | None = None


def choose_account(cluster: Path) -> Account:
    """Return the account for the server on `cluster`, which need not exist yet.

    An existing cluster goes on under the account that owns it.

    Raises:
        EmbeddedServerError: The cluster belongs to another account, or root has no account to drop to.
    """
    own_uid = os.geteuid()
    owner_uid = cluster.stat().st_uid if cluster.exists() else None
    if own_uid != 0:
        if owner_uid not in {None, own_uid}:
            raise EmbeddedServerError(
                f"{cluster} belongs to another user (uid {owner_uid}): run as that user or as root, or choose"
                " another FIELDSTONE_DATA_DIR"
            )
        return Account(name=f"uid {own_uid}")
    if owner_uid is not None:
        return _account_of(owner_uid, cluster.stat().st_gid)
    for name in _ACCOUNTS_FOR_ROOT:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise EmbeddedServerError(
        "PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody' to run it as:"
        " add one, run Fieldstone as an ordinary user, or set DATABASE_URL"
    )


def _account_of(uid: int, gid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(name=f"uid {uid}", uid=uid, gid=gid)
    return Account(name=entry.pw_name, uid=uid, gid=entry.pw_gid)


def spawn(
    account: Account,
    command: Sequence[str | Path],
    *,
    directory: Path,
    output: IO[bytes],
    keep_open: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Return a process of `account` in a session of its own, out of reach of the terminal's Ctrl-C.

    Its working directory is entered before the user is changed, so it may lie where the account cannot go.

    Raises:
        EmbeddedServerError: The account may not run the command.
    """
    is_other = account.uid is not None
    try:
        return subprocess.Popen(  # noqa: S603 - no shell, and the commands are ours
            command,
            cwd=directory,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=keep_open,
            start_new_session=True,
            umask=0o077,
            user=account.uid,
            group=account.gid,
            extra_groups=[] if is_other else None,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedServerError(f"cannot run {command[0]} as {account.name}: {error}") from error


def succeeds(account: Account, command: Sequence[str | Path]) -> bool:
    """Return whether `command` can be run by `account` and exits with 0."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path of ours
        try:
            return spawn(account, command, directory=Path("/"), output=nowhere).wait() == 0
        except EmbeddedServerError:
            return False


def can_enter(account: Account, directory: Path) -> bool:
    """Return whether `account` may enter `directory` by its path."""
    return succeeds(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", directory])
