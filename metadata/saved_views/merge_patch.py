"""JSON merge patches: https://www.rfc-editor.org/rfc/rfc7396."""

from fieldstone.metadata.json_text import JsonValue


def merge(target: JsonValue, patch: JsonValue) -> JsonValue:
    """Return a value with a patch merged into it: objects are merged, null removes a member, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged
