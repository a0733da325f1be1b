"""The parts of a process of which there is another kind: chosen once, when an app is assembled.

A part that has nothing to do thus costs a request nothing, not even the question.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fieldstone.engine.events.delivery.work import Watch, unwatched
from fieldstone.engine.request.compiler import Compiler
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.webhooks.sender import Sender
from fieldstone.sql.executor import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Makes the parts of a process; each one is called as the class that it stands for.

    Attributes:
        connect: makes the database.
        compiler: makes the compiler of an API.
        api: makes an API.
        sender: makes the sender of webhooks.
        watch: wraps the steps in which events are delivered.
    """

    connect: Callable[..., Database] = Database.connect
    compiler: Callable[..., Compiler] = Compiler
    api: Callable[..., GraphQLApi] = GraphQLApi
    sender: Callable[..., Sender] = Sender
    watch: Watch = unwatched


PLAIN = Parts()
