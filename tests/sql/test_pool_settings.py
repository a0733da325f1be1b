"""How a connection string becomes that of a connection of ours."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from sql.pool_settings import PoolSettings, build_conninfo


def test_what_the_user_says_about_the_network_stays() -> None:
    made = conninfo_to_dict(
        build_conninfo(
            "postgresql://ada@db:6000/crm?application_name=hers&connect_timeout=3", PoolSettings(), statement_timeout=1
        )
    )
    assert (made["user"], made["host"], made["port"], made["dbname"]) == ("ada", "db", "6000", "crm")
    assert (made["application_name"], made["connect_timeout"]) == ("hers", "3")
    assert made["client_encoding"] == "UTF8"


def test_a_pooler_is_sent_no_options() -> None:
    made = conninfo_to_dict(build_conninfo("dbname=crm", PoolSettings(prepare=False), statement_timeout=1))
    assert "options" not in made


def test_options_are_joined_and_values_with_spaces_survive(empty_database: str) -> None:
    given = psycopg.conninfo.make_conninfo(empty_database, options="-c work_mem=5MB")
    settings = PoolSettings(search_path='pg_catalog, "with space", back\\slash')
    with psycopg.connect(build_conninfo(given, settings, statement_timeout=2.5)) as connection:
        for name, value in (
            ("work_mem", "5MB"),
            ("search_path", settings.search_path),
            ("statement_timeout", "2500ms"),
        ):
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            assert row == (value,)
