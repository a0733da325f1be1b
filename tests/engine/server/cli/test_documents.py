"""`fieldstone documents`: manifests that are refused, imports that replace, and removals."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from fieldstone.engine.server.cli import documents
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.settings import Settings, load_settings
from fieldstone.metadata.errors import InvalidChange, NameTaken

COUNT = "query Count { companies { totalCount } }"


@pytest.fixture
def settings(app_database: str) -> Settings:
    return load_settings(database_url=app_database, log_level="error")


def written(tmp_path: Path, manifest: Any) -> Path:
    path = tmp_path / "manifest.json"
    path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest), encoding="utf-8")
    return path


async def import_(settings: Settings, path: Path, *, client: str = "web", replaces: bool = False) -> None:
    await documents.import_manifest(
        settings, workspace="default", client=client, path=path, role=None, replaces=replaces
    )


async def test_an_import_adds_and_replaces_on_demand(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await import_(settings, written(tmp_path, {"a": COUNT, "b": "{ people { totalCount } }"}))
    await import_(settings, written(tmp_path, {"a": COUNT, "c": COUNT}))
    capsys.readouterr()
    await documents.list_all(settings, workspace="default", client="web")
    assert capsys.readouterr().out == "web  a  Count\nweb  b\nweb  c  Count\n"
    await import_(settings, written(tmp_path, {"a": "query Again { people { totalCount } }"}), replaces=True)
    said = capsys.readouterr().out
    assert "1 of them new or changed; 2 others removed." in said
    await documents.list_all(settings, workspace="default", client=None)
    assert capsys.readouterr().out == "web  a  Again\n"
    await documents.remove(settings, workspace="default", client="web", ids=["a", "zzz"])
    assert capsys.readouterr().out == "Documents removed: 1.\n"
    with pytest.raises(CommandError, match="the client web has no such documents"):
        await documents.remove(settings, workspace="default", client="web", ids=[])
    async with open_foundation(settings) as foundation, foundation.database.session() as connection:
        cursor = await connection.execute(
            "SELECT action, actor_kind FROM fieldstone.audit_log WHERE subject_name = 'web' ORDER BY created_at, id"
        )
        assert await cursor.fetchall() == [("DOCUMENTS_IMPORTED", "COMMAND")] * 3 + [("DOCUMENTS_REMOVED", "COMMAND")]


async def test_an_id_has_one_text_in_a_workspace(settings: Settings, tmp_path: Path) -> None:
    await import_(settings, written(tmp_path, {"a": COUNT}), client="ios")
    await import_(settings, written(tmp_path, {"a": COUNT}), client="web")
    with pytest.raises(NameTaken, match="the id a stands for another document at the client ios"):
        await import_(settings, written(tmp_path, {"a": "{ people { totalCount } }"}), client="web")


async def test_documents_that_do_not_fit_the_model_are_named(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {f"q{n}": f"query Q{n} {{ companies {{ nothing }} }}" for n in range(22)}
    await import_(settings, written(tmp_path, {"a": COUNT, **texts}))
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 21
    assert said[0] == "Q0 does not fit the model: Cannot query field 'nothing' on type 'CompanyConnection'."
    assert said[-1] == "2 more documents do not fit the model."


APOLLO = {"format": "apollo-persisted-query-manifest", "version": 1}


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ("{", "cannot be read as JSON"),
        ([], "it must be a JSON object"),
        ({}, "it has no document"),
        ({"a": 5}, "the document of the id a must be a text"),
        ({"": COUNT}, "the id '' is not a text of 1 to 256 visible ASCII characters"),
        ({"a b": COUNT}, "the id 'a b' is not"),
        ({str(n): "{" for n in range(10_001)}, "it has 10001 documents, and a workspace has at most 10000"),
        ({"a": "{"}, "the document of the id a cannot be served: Syntax Error"),
        ({"a": "fragment F on Person { id }"}, "the document of the id a has no operation"),
        ({"a": "{" * 200 + "a" + "}" * 200}, "the document of the id a cannot be served"),
        ({"format": "other", "operations": []}, "its format must be apollo-persisted-query-manifest, version 1"),
        ({**APOLLO, "version": 2, "operations": []}, "version 1"),
        (APOLLO, "'operations' must be a list"),
        ({**APOLLO, "operations": [5] * 10_001}, "it has 10001 documents"),
        ({**APOLLO, "operations": [5]}, "an operation must be a JSON object with an 'id' and a 'body'"),
        ({**APOLLO, "operations": [{"id": "a"}]}, "the document of the id a must be a text"),
        (
            {**APOLLO, "operations": [{"id": "a", "body": COUNT}, {"id": "a", "body": "{ a }"}]},
            "the id a stands for two documents",
        ),
    ],
)
async def test_a_file_that_is_no_manifest_is_refused(
    settings: Settings, tmp_path: Path, manifest: Any, reason: str
) -> None:
    with pytest.raises(CommandError) as refused:
        await import_(settings, written(tmp_path, manifest))
    assert reason in str(refused.value)


@pytest.mark.parametrize("role", ["viewer", "nobody"])
async def test_a_role_that_is_not_there_is_named(settings: Settings, tmp_path: Path, role: str) -> None:
    path = written(tmp_path, {"a": COUNT})
    expected = pytest.raises(CommandError, match="has no role nobody") if role == "nobody" else nullcontext()
    with expected:
        await documents.import_manifest(
            settings, workspace="default", client="web", path=path, role=role, replaces=False
        )


async def test_a_missing_file_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.json cannot be read"):
        await import_(settings, tmp_path / "none.json")


@pytest.mark.parametrize("client", ["", " ", "a" * 101, "a\nb"])
async def test_a_client_has_a_name_that_can_be_shown(settings: Settings, tmp_path: Path, client: str) -> None:
    with pytest.raises(InvalidChange, match="client"):
        await import_(settings, written(tmp_path, {"a": COUNT}), client=client)
