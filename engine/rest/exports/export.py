"""An export: the pages of one read, each of them one statement that begins behind the last record of the one before.

Nothing is held between two pages: neither a connection nor a transaction, so that a client may read as slowly as it
likes. An export is therefore no snapshot: each page has the records as they are when it is read.
"""

from functools import partial

from fieldstone.engine.errors import BadUserInput, Conflict, QueryTooComplex
from fieldstone.engine.rest.api import ObjectSight, RestApi
from fieldstone.engine.rest.export_addresses import ExportAddress, Format
from fieldstone.engine.rest.exports.csv_lines import Column, columns_of, select_columns, write_header, write_line
from fieldstone.engine.rest.exports.orders import is_served, refuse_sorting
from fieldstone.engine.rest.exports.records import Cut, Page, cut_page, write_json
from fieldstone.engine.rest.operations import Asked
from fieldstone.engine.rest.parameters import Parameters
from fieldstone.engine.rest.routes import Action
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.principal import Principal

_MOST = 999_999_999
_LARGE = 16_384
"""Bytes of a page above which it is written in the work thread."""


class Export:
    """One export.

    Args:
        api: reads the pages.
        work: writes the lines of large pages.
        principal: sees the records.
        address: names the object and the format.
        parameters: those of the request.

    Attributes:
        name: of the file, without its extension.
        records: those that were written.
        pages: the statements that were executed.
        is_over: whether no page follows.
        counts_pages: whether each page counts in the rate limit, since the role has one of its own.
    """

    def __init__(
        self, api: RestApi, work: WorkThread, principal: Principal, address: ExportAddress, parameters: Parameters
    ) -> None:
        self.name = address.plural
        self.records = self.pages = 0
        self.is_over = self.counts_pages = False
        self._api = api
        self._work = work
        self._principal = principal
        self._format = address.format
        self._parameters = parameters
        self._columns: tuple[Column, ...] = ()
        self._names: list[str] | None = None
        self._for_spreadsheet = False
        self._largest = self._page_size = 0
        self._after = parameters.text("starting_after")

    async def read_next(self) -> bytes:
        """Return the lines of the next page, behind the header if it is the first one of CSV.

        After an error the same page can be asked for again.

        Raises:
            ApiError: the page is refused, or fails; Conflict: the object has lost a column of the header.
        """
        limit = self._parameters.number("limit", _MOST)
        if not self.pages:
            sight = await self._api.see_object(self._principal, self.name)
            self._columns = self._select(sight)
            self._largest = self._page_size = sight.largest_page
            self.counts_pages = sight.has_own_rate
            await self._check_order(sight, limit)
        size = self._page_size if limit is None else min(self._page_size, limit - self.records)
        body = await self._read(size)
        write = partial(self._write, body)
        if len(body) > _LARGE:
            page, lines = await self._work.run(self._principal.workspace_id, write)
        else:
            page, lines = write()
        self.pages += 1
        self.records += len(page.records)
        self._after = page.end
        self.is_over = page.is_last or self.records == limit
        return lines

    def _select(self, sight: ObjectSight) -> tuple[Column, ...]:
        """Return the columns; raises BadUserInput."""
        text = self._parameters.text("columns")
        self._names = None if text is None else [name.strip() for name in text.split(",")]
        is_csv = self._format is Format.CSV
        self._for_spreadsheet = self._parameters.flag("spreadsheet")
        if self._for_spreadsheet and not is_csv:
            raise BadUserInput("'spreadsheet' is for CSV.", field="spreadsheet")
        columns = columns_of(sight.object)
        whole = columns if is_csv else dict.fromkeys(column._replace(part=None) for column in columns)
        return select_columns(whole, self._names)

    async def _check_order(self, sight: ObjectSight, limit: int | None) -> None:
        order_by = self._parameters.text("order_by")
        if order_by is None or is_served(sight.view, sight.object, order_by):
            return
        asked = self._asked({"limit": "0", "total_count": "true"})
        count = loads((await self._api.execute(self._principal, asked)).body).get("totalCount")
        refuse_sorting(order_by, count=count, limit=limit, page=self._largest)

    def _asked(self, changes: dict[str, str]) -> Asked:
        parameters = self._parameters.replaced(changes)
        return Asked(action=Action.FIND_MANY, plural=self.name, id=None, parameters=parameters)

    async def _read(self, size: int) -> bytes:
        """Return the body of a page; of a smaller one if `size` records are too large or cost too much at once."""
        # A few large records must not make all of the pages behind them small.
        self._page_size = min(self._largest, self._page_size + self._page_size // 8 + 1)
        while True:
            changes = {"limit": str(size), "total_count": "false"}
            if self._after is not None:
                changes["starting_after"] = self._after
            try:
                return (await self._api.execute(self._principal, self._asked(changes))).body
            except QueryTooComplex:
                if size <= 1:
                    raise
                self._page_size = size = size // 2

    def _write(self, body: bytes) -> tuple[Page, bytes]:
        page = cut_page(body, self.name)
        lines: list[str] = []
        try:
            if self._format is Format.JSONL:
                return page, "".join(f"{self._object_text(record)}\n" for record in page.records).encode()
            lines += [] if self.pages else [write_header(self._columns)]
            spreadsheet = self._for_spreadsheet
            lines += [write_line(self._columns, record.members, spreadsheet=spreadsheet) for record in page.records]
        except (KeyError, TypeError):
            raise Conflict("A field that has a column was removed or changed its type: export again.") from None
        return page, "".join(lines).encode()

    def _object_text(self, record: Cut) -> str:
        """Return the line of a record of JSON Lines, short of its end."""
        if self._names is None:
            return record.text
        return write_json({name: record.members[name] for name in self._names})
