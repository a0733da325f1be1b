"""Fieldstone: metadata rows become a GraphQL API over PostgreSQL while the server runs."""

from engine.app import create_app

__all__ = ["create_app"]
