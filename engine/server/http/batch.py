"""Runs the operations of one request: queries side by side, mutations in their order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from fieldstone.engine.errors import ApiError, InternalServerError, QueryTooComplex
from fieldstone.engine.request.answer import Answer, Explain
from fieldstone.engine.request.explain import REFUSED, add_extension, execute_explained
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.http.requests.request_log import RequestContext
from fieldstone.engine.server.http.responses import build_error_reply
from fieldstone.engine.server.log import report_unexpected
from fieldstone.engine.server.log_lines import Log
from fieldstone.metadata.roles.principal import Principal

_AT_ONCE = 8
"""Operations of a batch in progress: each may have an answer of the largest size in memory."""


async def answer_one(
    api: GraphQLApi,
    principal: Principal,
    request: GraphQLRequest,
    *,
    allow_mutation: bool,
    log: Log,
    context: RequestContext,
) -> Answer:
    """Return the answer to one operation; an unexpected error is logged and answered with the id of its log line."""
    try:
        if request.explain is Explain.FULLY:
            return await execute_explained(api, principal, request, allow_mutation=allow_mutation)
        answer = await api.execute(principal, request, allow_mutation=allow_mutation)
        return answer if request.explain is Explain.NOT else add_extension(answer, {"hint": REFUSED})
    except Exception as error:  # noqa: BLE001 - the app's edge
        return _refuse_unexpected(error, log, context)


def _refuse_unexpected(error: Exception, log: Log, context: RequestContext) -> Answer:
    context.error_id = report_unexpected(log, error, request_id=context.id)
    return _refuse(build_internal_error(context.error_id, context.id))


async def answer_batch(
    api: GraphQLApi,
    principal: Principal,
    items: Sequence[GraphQLRequest | ApiError],
    *,
    most: int,
    require_unchanged: Callable[[], Awaitable[None]],
    log: Log,
    context: RequestContext,
) -> list[Answer]:
    """Return one answer for each item, in their order.

    Consecutive queries run at once, up to eight of them. A possible mutation waits for all before it, and all after it
    wait for it. None begins any more once the answers have more than `most` bytes, or the credential has ended:
    `require_unchanged` raises ApiError then.
    """
    answers: dict[int, Answer] = {}
    turns = asyncio.Semaphore(_AT_ONCE)

    async def run(place: int, request: GraphQLRequest) -> None:
        async with turns:
            answers[place] = await answer(request)

    async def answer(request: GraphQLRequest) -> Answer:
        if sum(one.held for one in answers.values()) > most:
            return _refuse(_too_large(most))
        try:
            await require_unchanged()
        except ApiError as error:
            return _refuse(error)
        except Exception as error:  # noqa: BLE001 - those before it may have written, and are answered
            return _refuse_unexpected(error, log, context)
        return await answer_one(api, principal, request, allow_mutation=True, log=log, context=context)

    for run_of_places in _group(items):
        async with asyncio.TaskGroup() as group:
            for place in run_of_places:
                match items[place]:
                    case GraphQLRequest() as request:
                        group.create_task(run(place, request))
                        # Each begins in its own turn of the event loop, so that other requests are served in between.
                        await asyncio.sleep(0)
                    case error:
                        answers[place] = _refuse(error)
    return [answers[place] for place in range(len(items))]


def build_internal_error(error_id: str, request_id: str | None = None) -> InternalServerError:
    """Return the error that a client gets for an error logged under `error_id`, which ended the request of an id."""
    ids = {"id": error_id} if request_id is None else {"id": error_id, "requestId": request_id}
    return InternalServerError(f"Something went wrong on the server; its log has it under {error_id}.", extensions=ids)


def _too_large(most: int) -> QueryTooComplex:
    return QueryTooComplex(
        f"The answers of the batch have more than {most:,} bytes already, which is the limit"
        " (FIELDSTONE_MAX_RESPONSE_BYTES): nothing of this operation was done. Send it by itself."
    )


def _group(items: Sequence[GraphQLRequest | ApiError]) -> list[list[int]]:
    groups: list[list[int]] = []
    open_group = False
    for place, item in enumerate(items):
        alone = isinstance(item, GraphQLRequest) and item.may_write
        if open_group and not alone:
            groups[-1].append(place)
        else:
            groups.append([place])
        open_group = not alone
    return groups


def _refuse(error: ApiError) -> Answer:
    return Answer(body=bytes(build_error_reply(error).body), status=error.status, errors=(error,))
