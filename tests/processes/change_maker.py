"""Makes a change of a model again and again, each time in a process of its own that may be killed: a line tells where.

Forked from one that has loaded everything, a process is there within milliseconds.
"""

import asyncio
import os
import sys

from fieldstone.engine.server.process_sync import MODEL_TOPIC
from fieldstone.metadata.online_ddl.builder import Builder
from fieldstone.sql.listen import NOTIFY
from tests.metadata.desk import desk_at
from tests.processes.killed_changes import KILLED


async def make(dsn: str) -> None:
    """Make a change, and do all that a server does after it: notify the others, and build the deferred parts."""
    async with desk_at(dsn) as desk:
        model = await desk.default()
        _say(os.getpid())
        sys.stdin.readline()
        await desk.writer.run(model.workspace.id, KILLED, actor="test")
        after = await desk.default()
        await desk.database.write(NOTIFY, [MODEL_TOPIC.encode(), str(after.version).encode()], share=None)
        await Builder(desk.database, desk.writer, trigram=desk.catalog.trigram).build_all()


def main() -> None:
    """Read a database's address, print the process that is ready for it, read a line, and print its exit status."""
    for line in sys.stdin:
        made = os.fork()
        if not made:
            asyncio.run(make(line.strip()))
            return
        _, status = os.waitpid(made, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
