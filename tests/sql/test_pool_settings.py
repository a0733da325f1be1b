"""How a connection string becomes that of a connection of ours."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from fieldstone.sql.pool_settings import PoolSettings, build_conninfo, liveness_settings


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


def test_the_server_is_told_when_to_give_us_up(empty_database: str) -> None:
    """Over a UNIX socket the settings of TCP read as 0, but the server has taken them."""
    settings = PoolSettings(idle_in_transaction_timeout=2.5)
    with psycopg.connect(build_conninfo(empty_database, settings, statement_timeout=1)) as connection:
        told = connection.execute("SELECT name FROM pg_settings WHERE source = 'client'").fetchall()
        assert {(name,) for name in liveness_settings(settings)} <= set(told)
        limit = connection.execute("SHOW idle_in_transaction_session_timeout").fetchone()
        assert limit == ("2500ms",)


def test_options_of_the_user_replace_those_that_values_do_not_depend_on(empty_database: str) -> None:
    given = psycopg.conninfo.make_conninfo(
        empty_database, options="-c client_connection_check_interval=0 -c DateStyle=German"
    )
    with psycopg.connect(build_conninfo(given, PoolSettings(), statement_timeout=1)) as connection:
        assert connection.execute("SHOW client_connection_check_interval").fetchone() == ("0",)
        assert connection.execute("SHOW DateStyle").fetchone() == ("ISO, YMD",)


def test_of_several_hosts_the_primary_is_taken_and_none_is_waited_for_long() -> None:
    made = conninfo_to_dict(build_conninfo("postgresql://ada@a,b:6000/crm", PoolSettings(), statement_timeout=1))
    assert (made["target_session_attrs"], made["connect_timeout"]) == ("primary", "2")
    given = "postgresql://ada@a,b/crm?target_session_attrs=any&connect_timeout=7"
    made = conninfo_to_dict(build_conninfo(given, PoolSettings(), statement_timeout=1))
    assert (made["target_session_attrs"], made["connect_timeout"]) == ("any", "7")
