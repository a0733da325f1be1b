"""The fast path: a repeated request is answered by plain calls, without a task."""
