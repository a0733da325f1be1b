"""Messages between the processes on one database."""

from fieldstone.engine.broadcast.fan_out import Broadcast, build_broadcast

__all__ = ["Broadcast", "build_broadcast"]
