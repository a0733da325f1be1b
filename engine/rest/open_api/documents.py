"""The OpenAPI documents: the text of each object is kept, as that of introspection is, and the texts are joined.

https://spec.openapis.org/oas/v3.1.1.html
"""

from fieldstone.engine.introspection.deflated import DeflatedText, deflate
from fieldstone.engine.introspection.kept_texts import KeptTexts, Writer, column, separated
from fieldstone.engine.rest.open_api.components import document_path, other_components, shared_schemas
from fieldstone.engine.rest.open_api.import_jobs import job_paths
from fieldstone.engine.rest.open_api.paths import write_paths
from fieldstone.engine.rest.open_api.schemas import write_schemas
from fieldstone.engine.rest.routes import OPEN_API
from fieldstone.metadata.api_names import Verb, lacking
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Object, Snapshot

VERSION = "3.1.1"
"""The version of OpenAPI."""

_DESCRIPTION = "The records of the workspace, as the role of the key sees them."


class OpenApiDocuments:
    """Puts together the documents of workspaces and roles."""

    def __init__(self) -> None:
        self._texts = KeptTexts()
        self._shared = deflate(dumps(shared_schemas())[1:-1])
        self._path = deflate(dumps({f"/{OPEN_API}": document_path()})[1:-1])
        self._job_paths = deflate(dumps(job_paths())[1:-1])

    @property
    def written(self) -> int:
        """How many objects were written so far."""
        return self._texts.written

    async def get(self, view: Snapshot, root: str, *, largest_page: int, default_page: int) -> DeflatedText:
        """Return the document of a workspace as a role sees it.

        Args:
            view: the model as the role sees it.
            root: the path of REST.
            largest_page: the most records of a page.
            default_page: those of a page unless the request says so.
        """

        def write(object_: Object) -> tuple[str, str]:
            return write_paths(object_), write_schemas(view, object_)

        objects = await self._texts.get(None, view, Writer(write=write, further=lambda _: None))
        # A role without the right to create anything has no file to import.
        jobs = [self._job_paths] if any(map(_may_create, view.by_plural.values())) else []
        info = {"title": "Fieldstone", "version": str(view.version), "description": _DESCRIPTION}
        head = dumps({"openapi": VERSION, "info": info, "servers": [{"url": root}], "security": [{"key": []}]})
        others = dumps(other_components(largest_page=largest_page, default_page=default_page))
        return DeflatedText(
            [
                deflate(head[:-1] + ',"paths":{'),
                *separated([self._path, *jobs, *column(objects, 0)]),
                deflate('},"components":{"schemas":{'),
                *separated([self._shared, *column(objects, 1)]),
                deflate("}," + others[1:-1] + "}}"),
            ]
        )


def _may_create(object_: Object) -> bool:
    return lacking(object_, Verb.CREATE) is None
