"""Tasks, deadlines and wakeups: the primitives that every loop of the server shares."""
