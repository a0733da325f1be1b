"""Fieldstone: metadata rows become a GraphQL API over PostgreSQL while the server runs."""

from fieldstone.engine.server.app import create_app

__all__ = ["create_app"]
