"""Settings, and where the servers are looked for."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from domain.errors import DoesNotFit, Invalid, Unavailable
from runtime.settings import Settings, external_servers, http_url, load_settings, locate
from runtime.state import Running, StateFolder

KEY = "k" * 32
RUNNING = Running(
    pid=1,
    temporal_address="127.0.0.1:7001",
    namespace="default",
    temporal_ui="http://127.0.0.1:7002",
    database_url="postgresql://postgres@/liandong?host=/somewhere",
    gateway_url="http://127.0.0.1:7003",
    gateway_key=KEY,
)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None of the machine's own settings, and no profile file of its user's."""
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LIANDONG_{name.upper()}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def with_database(state: Path) -> Settings:
    return load_settings(state=state, database_url="postgresql://liandong:open-sesame@db/liandong")


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_GATEWAY_PORT", "")
    assert load_settings().gateway_port == 8112


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LIANDONG_GATEWAY_PORT", "65536"),
        ("LIANDONG_TEMPORAL_PORT", "seven"),
        ("LIANDONG_GATEWAY_KEY", "too short"),
        ("LIANDONG_DATABASE_URL", "mysql://secret@db/liandong"),
        ("LIANDONG_TEMPORAL_SYNCHRONOUS", "off"),
        ("LIANDONG_ALERT_SECRET", "whsec_c2hvcnQ="),
        ("LIANDONG_ALERT_SECRET", "bm90IHByZWZpeGVkLCBidXQgbG9uZyBlbm91Z2g="),
    ],
)
def test_a_wrong_value_names_its_variable_and_not_the_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(Invalid) as refusal:
        load_settings()
    assert refusal.value.code == "setting-invalid"
    assert refusal.value.params["variable"] == variable
    assert value not in str(refusal.value)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = with_database(tmp_path)
    servers = external_servers(settings, {"TEMPORAL_ADDRESS": "t:7233", "TEMPORAL_API_KEY": "hush"})
    assert "open-sesame" not in repr(settings)
    assert "open-sesame" not in repr(servers)
    assert "hush" not in repr(servers)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8112"),
        ("0.0.0.0", "http://127.0.0.1:8112"),  # noqa: S104 - not bound
        ("::", "http://[::1]:8112"),
        ("gateway", "http://gateway:8112"),
    ],
)
def test_the_url_of_a_host_can_be_reached(host: str, url: str) -> None:
    assert http_url(host, 8112) == url


def test_the_environment_names_both_servers(tmp_path: Path) -> None:
    servers = external_servers(
        with_database(tmp_path),
        {"TEMPORAL_ADDRESS": "temporal.example:7233", "TEMPORAL_NAMESPACE": "hotline"},
    )
    assert servers is not None
    assert servers.temporal_address == "temporal.example:7233"
    assert servers.namespace == "hotline"
    assert servers.database_url == "postgresql://liandong:open-sesame@db/liandong"


def test_a_profile_of_temporal_names_its_server(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text('[profile.city]\naddress = "city.example:7233"\nnamespace = "city"\n')
    servers = external_servers(with_database(tmp_path), {"TEMPORAL_CONFIG_FILE": str(file), "TEMPORAL_PROFILE": "city"})
    assert servers is not None
    assert servers.temporal_address == "city.example:7233"


def test_a_profile_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        external_servers(with_database(tmp_path), {"TEMPORAL_PROFILE": "nowhere"})
    assert refusal.value.code == "temporal-config"


@pytest.mark.parametrize(
    ("database", "environ", "missing"),
    [
        (False, {"TEMPORAL_ADDRESS": "t:7233"}, "LIANDONG_DATABASE_URL"),
        (False, {"TEMPORAL_PROFILE": "city"}, "LIANDONG_DATABASE_URL"),
        (True, {}, "TEMPORAL_ADDRESS"),
    ],
)
def test_one_server_without_the_other_is_refused(
    tmp_path: Path, database: bool, environ: dict[str, str], missing: str
) -> None:
    settings = with_database(tmp_path) if database else load_settings(state=tmp_path)
    with pytest.raises(Invalid) as refusal:
        locate(settings, environ)
    assert refusal.value.code == "servers-half-named"
    assert refusal.value.params["missing"] == missing


def test_external_servers_need_a_gateway_key_only_where_it_is_used(tmp_path: Path) -> None:
    servers = locate(with_database(tmp_path), {"TEMPORAL_ADDRESS": "t:7233"})
    with pytest.raises(Invalid) as refusal:
        servers.require_gateway_key()
    assert refusal.value.params["variable"] == "LIANDONG_GATEWAY_KEY"


def test_servers_that_up_started_are_found_while_it_runs(state: StateFolder) -> None:
    settings = load_settings(state=state.path)
    with state.locked():
        state.write_running(RUNNING)
        servers = locate(settings, {})
    assert servers.temporal_address == "127.0.0.1:7001"
    assert servers.gateway_url == "http://127.0.0.1:7003"
    assert servers.require_gateway_key() == SecretStr(KEY)
    assert KEY not in repr(servers)


def test_a_note_that_a_killed_up_left_counts_as_nothing(state: StateFolder) -> None:
    with state.locked():
        state.write_running(RUNNING)
    with pytest.raises(Unavailable) as failure:
        locate(load_settings(state=state.path), {})
    assert failure.value.code == "nothing-running"
    assert failure.value.params["state"] == str(state.path)


def test_nothing_runs_on_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        locate(load_settings(state=tmp_path / "none"), {})


def test_a_note_of_another_version_is_named(state: StateFolder) -> None:
    with state.locked():
        (state.path / "running.json").write_text("{}")
        with pytest.raises(DoesNotFit) as failure:
            locate(load_settings(state=state.path), {})
    assert failure.value.code == "running-unreadable"


def test_named_servers_go_before_started_ones(state: StateFolder) -> None:
    with state.locked():
        state.write_running(RUNNING)
        servers = locate(with_database(state.path), {"TEMPORAL_ADDRESS": "t:7233"})
    assert servers.temporal_address == "t:7233"
