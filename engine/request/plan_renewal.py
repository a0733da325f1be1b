"""After a swap: the plans that the change touched are made again before they are asked for, the hottest first."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from functools import partial
from uuid import UUID

from fieldstone.engine.errors import ApiError, ServiceUnavailable
from fieldstone.engine.request.compile import is_wide, plan_operation
from fieldstone.engine.request.compiler import Compiler
from fieldstone.engine.request.plan_cache import OperationKey
from fieldstone.engine.request.refusals import InvalidDocument
from fieldstone.engine.request.valid_operation import AnyOperation, Plan, Sample, ValidOperation
from fieldstone.metadata.access.view import find_view, lacks_large_view, view_of
from fieldstone.metadata.errors import UnknownRole
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.concurrency.wakeup import Wake

MOST_OPERATIONS = 50
"""Operations that are renewed for one swap: some 0.2 s in all, a few milliseconds at a time."""
MOST_PLANS = 4
"""Plans of one operation that are renewed."""


class PlanRenewal:
    """Renews the plans of one API.

    Args:
        compiler: makes the plans.
        pause: awaited before each operation and each of its plans, so that others are served.
    """

    def __init__(self, compiler: Compiler, *, pause: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(0)) -> None:
        self._compiler = compiler
        self._pause = pause
        self._swapped: dict[UUID, Snapshot] = {}
        self._wake = Wake()

    def notice(self, before: Snapshot | None, after: Snapshot) -> None:
        """Take note of a swap; of several of one workspace only the last counts."""
        if before is not None:
            self._swapped[after.workspace.id] = after
            self._wake()

    async def run(self) -> None:
        """Renew until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.forget()
            while self._swapped:
                _, snapshot = self._swapped.popitem()
                await self._renew(snapshot)

    async def _renew(self, snapshot: Snapshot) -> None:
        id_ = snapshot.workspace.id
        for role in self._compiler.plans.roles_of(id_):
            await self._pause()  # each view takes some milliseconds
            with suppress(UnknownRole, ServiceUnavailable):
                make = partial(view_of, snapshot, role)
                await self._compiler.run(snapshot, make, is_heavy=lacks_large_view(snapshot, role))
        for key, touched in self._compiler.plans.find_touched(snapshot, MOST_OPERATIONS):
            await self._pause()
            if id_ in self._swapped:
                return  # there is a newer one
            async with aclosing(self._renew_operation(key, touched, snapshot)) as parts:
                async for _ in parts:
                    await self._pause()
                    if id_ in self._swapped:
                        return

    async def _renew_operation(
        self, key: OperationKey, touched: AnyOperation, snapshot: Snapshot
    ) -> AsyncGenerator[None]:
        """Validate an operation again that a change touched, and plan its hottest shapes; drop it if it holds no more.

        Yields between its parts, so that others can be served: a light operation takes some three milliseconds, a plan
        one.
        """
        view = find_view(snapshot, key.role_id)
        if view is None:
            self._compiler.plans.replace(key, touched, None)
            return
        snapshot = view
        if touched.depends.keep_up(snapshot):
            for sample in self._compiler.plans.drop_plans(touched, snapshot)[-MOST_PLANS:]:
                self._compiler.plans.counters.renewals += await self._renew_plan(touched, sample, snapshot)
                yield
            return
        is_heavy = touched.is_heavy or is_wide(self._compiler.schemas.get(snapshot))
        try:
            renewed = await self._compiler.run(snapshot, self._compiler.validating(key, snapshot), is_heavy=is_heavy)
        except InvalidDocument:
            # The next request for it is told why.
            self._compiler.plans.replace(key, touched, None)
            return
        if not renewed.is_introspection:
            for kept in reversed([*touched.plans.values()][-MOST_PLANS:]):
                yield
                await self._renew_plan(renewed, kept.sample, snapshot)
        self._compiler.plans.replace(key, touched, renewed)

    async def _renew_plan(self, operation: ValidOperation[Plan], sample: Sample | None, snapshot: Snapshot) -> bool:
        """Make a plan again, and return whether it could be."""
        if sample is None:
            return False
        try:
            schema = self._compiler.schemas.get(snapshot)
            variables = self._compiler.coerce(operation, sample.variables, schema)
            limits = self._compiler.limits_of(sample.limits)
            make = partial(plan_operation, operation, snapshot, schema, limits, variables)
            made = await self._compiler.run(snapshot, make, is_heavy=operation.is_heavy)
        except ApiError:
            return False  # they are of another type by now: no request of this shape gets as far as its plan
        shape = self._compiler.shape(operation, variables, sample.limits)
        self._compiler.plans.keep_plan(operation, shape, made, sample)
        return True
