"""The delivery of events to groups: each at its own pace, over a share of the connections."""
