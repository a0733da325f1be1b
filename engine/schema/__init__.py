"""The GraphQL schema: types made from a snapshot when their names are first asked for."""
