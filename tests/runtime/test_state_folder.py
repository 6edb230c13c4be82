"""The state folder: who may write it, who holds it, what nobody else reads."""

import os
import stat
from pathlib import Path

import pytest

from domain.errors import Invalid, Refused
from runtime.state import LOG_LIMIT, StateFolder


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    # Below a file nobody can write, root included.
    (tmp_path / "file").touch()
    with pytest.raises(Invalid) as refusal:
        StateFolder(tmp_path / "file" / "state").prepare()
    assert refusal.value.code == "state-not-writable"
    assert refusal.value.params["path"] == str(tmp_path / "file" / "state")
    assert refusal.value.params["variable"] == "LIANDONG_STATE"


def test_only_one_holds_the_folder(state: StateFolder) -> None:
    with state.locked():
        with pytest.raises(Refused) as refusal, StateFolder(state.path).locked():
            pass
        assert refusal.value.code == "already-running"
        assert refusal.value.params["pid"] == str(os.getpid())
    with state.locked():
        pass


def test_the_gateway_key_stays_and_is_ours_alone(state: StateFolder) -> None:
    first = state.gateway_key()
    assert len(first.get_secret_value()) >= 32
    assert state.gateway_key() == first
    assert stat.S_IMODE((state.path / "gateway.key").stat().st_mode) == 0o600


def test_others_cannot_list_the_folder(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "state")
    state.prepare()
    assert not stat.S_IMODE(state.path.stat().st_mode) & (stat.S_IRGRP | stat.S_IROTH | stat.S_IWOTH)
    assert stat.S_IMODE(state.logs.stat().st_mode) == 0o700


def test_a_log_that_has_grown_is_set_aside(state: StateFolder) -> None:
    log = state.logs / "worker.log"
    with log.open("wb") as file:
        file.truncate(LOG_LIMIT + 1)
    assert not state.log_file("worker").exists()
    assert (state.logs / "worker.log.1").stat().st_size == LOG_LIMIT + 1
