"""Messages between the processes on one database."""

from fieldstone.engine.broadcast.choice import build_broadcast
from fieldstone.engine.broadcast.fan_out import Broadcast, BroadcastStats

__all__ = ["Broadcast", "BroadcastStats", "build_broadcast"]
