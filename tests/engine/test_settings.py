"""The settings: read from the environment or given in code, and refused in one sentence."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from fieldstone.engine.settings import ConfigurationError, Environment, load_settings
from fieldstone.engine.settings.choices import Distribution
from fieldstone.engine.settings.loading import _sentence
from tests.settings_table import configuration_table


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in configuration_table():
        monkeypatch.delenv(variable.name, raising=False)


def test_without_an_environment_the_documented_defaults_hold() -> None:
    settings = load_settings()
    assert settings.environment is Environment.PRODUCTION
    assert (settings.rate_limit, settings.rate_window_ms) == (100, 60_000)
    assert (settings.max_body_bytes, settings.max_batch) == (8_388_608, 20)
    assert (settings.max_depth, settings.max_aliases) == (100, 500)
    assert (settings.default_page, settings.max_page, settings.max_bulk_writes) == (60, 200, 10_000)
    assert (settings.statement_timeout, settings.drain_timeout) == (15, 15)
    assert settings.allowed_origins == ()


def test_each_variable_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "DATABASE_URL": ("postgresql://u@h/d", "postgresql://u@h/d"),
        "FIELDSTONE_OWNER_DATABASE_URL": ("postgresql://o@h/d", "postgresql://o@h/d"),
        "FIELDSTONE_ENV": ("development", Environment.DEVELOPMENT),
        "FIELDSTONE_DATA_DIR": ("/data", Path("/data")),
        "FIELDSTONE_METRICS_PORT": ("8", 8),
        "FIELDSTONE_DATABASE_PORT": ("9", 9),
        "FIELDSTONE_DATABASE_HOST": ("::1", "::1"),
        "FIELDSTONE_HOST": ("0.0.0.0", "0.0.0.0"),  # noqa: S104 - a value, not bound to
        "FIELDSTONE_CORS_ORIGINS": ("https://a.example, https://b.example", ("https://a.example", "https://b.example")),
        "FIELDSTONE_LISTEN_URL": ("postgresql://u@direct/d", "postgresql://u@direct/d"),
        "FIELDSTONE_BROADCAST_URL": ("rediss://h:6379/0", "rediss://h:6379/0"),
        "FIELDSTONE_PREPARE_STATEMENTS": ("false", False),
        "FIELDSTONE_WEBHOOK_ALLOW": ("10.1.2.0/24, ::1", (ip_network("10.1.2.0/24"), ip_network("::1"))),
        "FIELDSTONE_RELAY": ("true", True),
        "FIELDSTONE_REPLICA_URLS": ("", ()),  # excluded by FIELDSTONE_DISTRIBUTE
        "FIELDSTONE_DISTRIBUTE": ("citus", Distribution.CITUS),
        "FIELDSTONE_CELLS": ("", ()),  # in the place of DATABASE_URL; tests/cells reads some
        "FIELDSTONE_CELL_REPLICA_URLS": ("", ()),
        "FIELDSTONE_CELL_OWNER_URLS": ("", ()),
        "FIELDSTONE_CELL_LISTEN_URLS": ("", ()),
        "FIELDSTONE_TRACING": ("false", False),
        "FIELDSTONE_INTROSPECTION": ("false", False),
        "FIELDSTONE_JWT": ("[]", "[]"),
        "FIELDSTONE_OIDC": ("[]", "[]"),
        "FIELDSTONE_PUBLIC_URL": ("https://a.example", "https://a.example"),
        "FIELDSTONE_METRICS_TOKEN": ("secret", "secret"),
        "FIELDSTONE_SECRET_KEY": (f"{'a' * 32}, {'b' * 32}", ("a" * 32, "b" * 32)),
        "FIELDSTONE_ANONYMOUS_ROLE": ("viewer", "viewer"),
        "FIELDSTONE_ANONYMOUS_WORKSPACES": ("shop, help", ("shop", "help")),
        "FIELDSTONE_PROXY_PROTOCOL": ("10.1.2.0/24", (ip_network("10.1.2.0/24"),)),
        "FIELDSTONE_TRUSTED_PROXIES": ("10.1.2.0/24", (ip_network("10.1.2.0/24"),)),
        "FIELDSTONE_CORS_CREDENTIALS": ("true", True),
        "FIELDSTONE_DOCUMENTS": ("trusted", None),
        "FIELDSTONE_RATE_LIMIT_STORE": ("redis", None),
        "FIELDSTONE_RATE_LIMIT_URL": ("redis://h:6379/0", "redis://h:6379/0"),
        "FIELDSTONE_LOG_LEVEL": ("warning", None),
        "FIELDSTONE_LOG_FORMAT": ("console", None),
        "FIELDSTONE_CONSOLE": ("false", False),
    }
    for variable in configuration_table():
        monkeypatch.setenv(variable.name, given.get(variable.name, ("7", 7))[0])
    settings = load_settings()
    for variable in configuration_table():
        found, expected = getattr(settings, variable.attribute), given.get(variable.name, ("7", 7))[1]
        assert (found.value == given[variable.name][0]) if expected is None else (found == expected), variable.name


def test_replicas_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSTONE_REPLICA_URLS", "postgresql://u@r1/d, postgresql://u@r2/d")
    assert load_settings().replica_urls == ("postgresql://u@r1/d", "postgresql://u@r2/d")


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("API_RATE_LIMITING_LIMIT", "")
    assert (load_settings().database_url, load_settings().rate_limit) == (None, 100)


def test_code_overrides_the_environment_and_given_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_RATE_LIMITING_LIMIT", "7")
    first = load_settings(max_batch=3)
    assert (first.rate_limit, first.max_batch) == (7, 3)
    second = load_settings(first, rate_limit=0, cors_origins="*")
    assert (second.rate_limit, second.max_batch, second.allowed_origins) == (0, 3, ("*",))


def test_cors_is_open_in_development_unless_origins_are_named() -> None:
    assert load_settings(environment="development").allowed_origins == ("*",)
    assert load_settings(environment="development", cors_origins="https://a.example").allowed_origins == (
        "https://a.example",
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"webhook_allow": "10.1.2.3/24"},
            (
                "FIELDSTONE_WEBHOOK_ALLOW must be a comma-separated list of networks such as 10.1.2.0/24, without bits"
                " behind the prefix, not '10.1.2.3/24'."
            ),
        ),
        (
            {"rate_limit": "many"},
            "API_RATE_LIMITING_LIMIT must be a whole number from 0 up, 100 for instance, not 'many'.",
        ),
        ({"port": 70_000}, "FIELDSTONE_PORT must be a whole number from 0 to 65535, 3000 for instance, not 70000."),
        (
            {"event_retention_hours": 60_000_000},
            (
                "FIELDSTONE_EVENT_RETENTION_HOURS must be a whole number from 1 to 876000, 72 for instance, not"
                " 60000000."
            ),
        ),
        (
            {"worker_timeout": 4},
            "FIELDSTONE_WORKER_TIMEOUT must be 0 or a whole number from 5 to 86400, 30 for instance, not 4.",
        ),
        ({"environment": "staging"}, "FIELDSTONE_ENV must be production or development, not 'staging'."),
        (
            {"statement_timeout": 0.0001},  # PostgreSQL would take it for 0, which is no limit
            (
                "FIELDSTONE_STATEMENT_TIMEOUT must be a number of seconds from 0.001 to 86400, 15 for instance, not"
                " 0.0001."
            ),
        ),
        (
            {"database_url": "postgresql://u@h/d", "distribute": "citus", "replica_urls": "postgresql://u@r/d"},
            "FIELDSTONE_DISTRIBUTE excludes FIELDSTONE_REPLICA_URLS: the nodes answer the reads.",
        ),
        ({"distribute": "citus"}, "FIELDSTONE_DISTRIBUTE needs DATABASE_URL, the coordinator of the cluster."),
        ({"default_page": 500}, "FIELDSTONE_DEFAULT_PAGE must be at most FIELDSTONE_MAX_PAGE, which is 200."),
        (
            {"speed": 9},
            "There is no setting 'speed'; those that there are stand in fieldstone.engine.settings.Settings.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_setting_is_refused_by_name_with_what_would_pass(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(**given)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("seconds", ["0", "5"])
def test_a_worker_may_stand_still_for_ever_or_for_the_shortest_time(
    seconds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDSTONE_WORKER_TIMEOUT", seconds)
    assert load_settings().worker_timeout == int(seconds)


def test_a_setting_that_is_refused_beside_itself_is_said_to_be_given_twice() -> None:
    # pydantic decides whether it takes both.
    line: InitErrorDetails = {"type": "extra_forbidden", "loc": ("database_url",), "input": "postgresql://u:hidden@h"}
    error = ValidationError.from_exception_data("Settings", [line])
    assert _sentence(error) == "DATABASE_URL is given twice, also as database_url: give it once."


@pytest.mark.parametrize(
    ("attribute", "wrong", "right"),
    [
        ("database_url", "host=x password=hidden nonsense", "postgresql://u:hidden@h/d"),
        ("listen_url", "host=x password=hidden nonsense", "postgresql://u:hidden@h/d"),
        # A name that no host can have, as its second label is empty.
        ("database_url", "postgresql://u:hidden@a..b/d", "postgresql://u:hidden@a.b./d"),
        ("database_url", "host=h,a..b password=hidden", "host=h,/run,@s,::1 password=hidden"),
        ("broadcast_url", "http://u:hidden@h", "redis://u:hidden@h/0"),
        ("broadcast_url", "redis://u:hidden@a..b/0", "redis://:hidden@[::1]"),
        ("broadcast_url", "redis://u:hidden@h:99999/0", "redis://u:hidden@h"),
        ("broadcast_url", "redis://u:hidden@h/0?speed=1", "redis://u:hidden@h/0?health_check_interval=1"),
        ("rate_limit_url", "rediss://u:hidden@h/0?ssl_cert_reqs=few", "rediss://u:hidden@h/0?ssl_cert_reqs=none"),
    ],
)
def test_an_address_is_never_shown(attribute: str, wrong: str, right: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(None, **{attribute: wrong})
    assert " must be a " in str(refused.value)
    assert "hidden" not in str(refused.value)
    assert "hidden" not in repr(load_settings(None, **{attribute: right}))
