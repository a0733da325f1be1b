"""The GraphQL types of values: scalars, enums, composites, and the filters over them."""
