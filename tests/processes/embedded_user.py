"""A program that uses the embedded server: it says how it started, writes records if asked, and leaves at a line.

It is run as a process of its own so that it can be killed.
"""

import argparse
import json
import os
import pwd
import sys
from pathlib import Path

import psycopg

from fieldstone.sql.embedded import start, stop


def main() -> None:
    """Print one line of JSON about the start, then each number that was committed; stop when standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--account", help="become this user first")
    parser.add_argument("--packages", help="find the wheel in this folder")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if arguments.packages:
        sys.path.insert(0, arguments.packages)
    if arguments.account:
        entry = pwd.getpwnam(arguments.account)
        os.chdir("/")
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    server = start(arguments.data_dir)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS record (number int PRIMARY KEY)")
        _say(json.dumps({"dsn": server.dsn, "recovered": server.recovered, "pid": os.getpid()}))
        number = 0
        while arguments.write:
            number += 1
            connection.execute("INSERT INTO record VALUES (%s)", [number])
            _say(str(number))
    sys.stdin.read()
    stop(server)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
