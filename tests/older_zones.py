"""Rules with time zones that an older release took: offsets and abbreviations, which have no summer time."""

import psycopg

OLDER_ZONES = ("CET", "EET", "MET", "WET", "FOO5BAR")


def put_zone(dsn: str, zone: str) -> None:
    """Put a zone in the place of Europe/Berlin into all rules of the catalog, as a new version of the model."""
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE fieldstone.workspace SET version = version + 1")
        connection.execute(
            "UPDATE fieldstone.role SET version = workspace.version,"
            " grants = replace(grants::text, 'Europe/Berlin', %(zone)s)::json,"
            " shown = replace(shown::text, 'Europe/Berlin', %(zone)s)::jsonb"
            " FROM fieldstone.workspace WHERE workspace.id = workspace_id",
            {"zone": zone},
        )
