"""Requests of REST to the APIs over a test's database, without HTTP."""

from typing import Any

from fieldstone.engine.rest.api import RestApi
from fieldstone.engine.rest.operations import Asked
from fieldstone.engine.rest.parameters import read_parameters
from fieldstone.engine.rest.routes import find_place
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.principal import Principal
from tests.apis import PRINCIPAL


async def ask_rest(
    api: RestApi, method: str, address: str, body: Any = None, *, principal: Principal = PRINCIPAL
) -> Any:
    """The answer to a request as JSON; `address` is behind `/rest/`. Raises ApiError."""
    path, _, query = address.partition("?")
    place = find_place(path)
    action = place.action(method)
    parameters = read_parameters(query.encode(), action)
    asked = Asked(action=action, plural=place.plural, id=place.id, parameters=parameters, body=body)
    return loads((await api.execute(principal, asked)).body)
