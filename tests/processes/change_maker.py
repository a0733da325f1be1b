"""Makes changes of a model, each in a process of its own that may be killed: a line tells which, where, by what name.

Forked from one that has loaded everything, a process is there within milliseconds.
"""

import asyncio
import json
import os
import sys

from engine.broadcast.in_step import MODEL_TOPIC
from metadata.building.builder import Builder
from metadata.writer import ModelWriter
from sql.listen import NOTIFY
from tests.metadata.desk import connect_database, open_desk
from tests.processes.killed_changes import BIG_TABLE, KILLED


async def make(dsn: str, name: str) -> None:
    """Make a change, and do all that a server does after it: tell the others, and build what was left to be built."""
    database = connect_database(dsn)
    await database.open()
    try:
        desk = await open_desk(database)
        model = await desk.default()
        writer = ModelWriter(database, desk.current, trigram=desk.catalog.trigram, big_table=BIG_TABLE)
        _say(os.getpid())
        sys.stdin.readline()
        after = await writer.run(model.workspace.id, KILLED[name], actor="test")
        await database.write(NOTIFY, [MODEL_TOPIC.encode(), str(after).encode()])
        await Builder(database, writer, trigram=desk.catalog.trigram).build_all()
    finally:
        await database.close()


def main() -> None:
    """Read `{"dsn", "name"}`, print the process that is ready for it, read a line, and print its exit status."""
    for line in sys.stdin:
        asked = json.loads(line)
        made = os.fork()
        if not made:
            asyncio.run(make(asked["dsn"], asked["name"]))
            return
        _, status = os.waitpid(made, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
