"""The data folders that killed sessions of tests have left: the next session removes them, and no others."""

import os
from pathlib import Path

from fieldstone.sql.embedded.folder import DataFolder
from fieldstone.sql.embedded.locks import open_lock, take_shared
from tests.databases import remove_left_behind
from tests.processes.embedded_runs import copy_data_dir

OLD = (0.0, 0.0)


def test_a_folder_that_is_new_or_held_stays_and_one_that_was_left_behind_goes(
    made_data_dir: Path, tmp_path: Path
) -> None:
    data = tmp_path / "session" / "data"
    data.parent.mkdir()
    os.utime(made_data_dir, OLD)
    copy_data_dir(made_data_dir, data)
    remove_left_behind(tmp_path, "*/*")
    assert data.is_dir(), "a copy that no server has yet is removed"
    os.utime(data, OLD)
    with open_lock(DataFolder(root=data).users_lock) as held:
        take_shared(held)
        remove_left_behind(tmp_path, "*/*")
        assert data.is_dir(), "the folder of another session is removed"
    remove_left_behind(tmp_path, "*/*")
    assert list(tmp_path.iterdir()) == []
