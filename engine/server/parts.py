"""The parts of a process of which there is another kind: chosen once, when an app is assembled.

A part that has nothing to do thus costs a request nothing, not even the question.
"""

from collections.abc import Callable
from typing import Any

from fieldstone.engine.events.delivery.work import Watch, unwatched
from fieldstone.engine.request.compiler import Compiler
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.slow_operations.watch import SlowOperations
from fieldstone.engine.slow_operations.watched_api import WatchedApi
from fieldstone.engine.webhooks.sending.sender import Sender
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen


def _build_api(*, slow: SlowOperations | None, **parts: Any) -> GraphQLApi:
    """Return an API that notes its slow operations only if they are to be noted."""
    return GraphQLApi(**parts) if slow is None else WatchedApi(slow=slow, **parts)


@frozen
class Parts:
    """Makes the parts of a process; each one is called as the class that it stands for.

    Attributes:
        connect: makes the database.
        compiler: makes the compiler of an API.
        api: makes an API; its arguments name the watch over its slow operations.
        sender: makes the sender of webhooks.
        watch: wraps the steps in which events are delivered.
    """

    connect: Callable[..., Database] = Database.connect
    compiler: Callable[..., Compiler] = Compiler
    api: Callable[..., GraphQLApi] = _build_api
    sender: Callable[..., Sender] = Sender
    watch: Watch = unwatched


PLAIN = Parts()
