"""The facts of the server that a principal is told."""

from fieldstone.engine.metadata_api.roles.me import ServerFacts
from fieldstone.engine.settings import Settings
from fieldstone.engine.version import VERSION


def read_facts(settings: Settings) -> ServerFacts:
    """Return the facts of a server with these settings."""
    return ServerFacts(
        version=VERSION,
        environment=settings.environment.value,
        rate=settings.rate_limit,
        session_rate=settings.session_rate_limit,
        page=settings.max_page,
        cost=settings.max_cost,
    )
