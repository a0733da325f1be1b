"""The root fields of queries, mutations and subscriptions."""
