"""The path below which browsers find an app that another application has mounted."""

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from starlette.types import Scope


def mount_of(scope: "Scope") -> str:
    """Return the path that the app of a request is mounted at, as `encode_mount` does."""
    return encode_mount(scope.get("root_path", ""))


def encode_mount(root_path: str) -> str:
    """Return a root path of ASGI as it stands in addresses, without a slash at its end; empty if it is the root."""
    inner = root_path.strip("/")
    # Exactly one slash in front: with two the browser would take the first folder for a host.
    return quote(f"/{inner}") if inner else ""
