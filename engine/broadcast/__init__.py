"""Messages between the processes on one database."""

from fieldstone.engine.broadcast.fan_out import Broadcast, BroadcastStats, build_broadcast

__all__ = ["Broadcast", "BroadcastStats", "build_broadcast"]
