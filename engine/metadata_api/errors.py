"""The refusals of the model, in the API's terms."""

from fieldstone.engine.errors import ApiError, BadUserInput, Conflict, NotFound, Path, ServiceUnavailable, Timeout
from fieldstone.metadata import errors


def describe_refusal(
    error: errors.MetadataError, path: Path | None = None, locations: tuple[tuple[int, int], ...] = ()
) -> ApiError | None:
    """Return the error that a client is sent; None where the fault is ours."""
    message = error.message if error.message.endswith((".", "?")) else f"{error.message}."
    match error:
        case errors.NameTaken():
            kind: type[ApiError] = Conflict
        case errors.InvalidChange() | errors.InvalidValue() | errors.ChangeFailed():
            kind = BadUserInput
        case errors.UnknownObject():
            kind = NotFound
        case errors.ChangeBlocked():
            kind = Timeout
        case errors.ModelBusy():
            kind = ServiceUnavailable
        case _:
            return None
    given = {"change": error.change, "suggestion": error.suggestion}
    extensions = {name: value for name, value in given.items() if value is not None}
    return kind(message, field=error.field, path=path, locations=locations, extensions=extensions)
