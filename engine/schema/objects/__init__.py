"""The GraphQL types of an object: its record, its inputs, its aggregates."""
