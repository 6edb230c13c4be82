"""What can be set from outside, and where the servers are.

Every setting is an environment variable ``LIANDONG_<NAME>``; Temporal's own variables and profile files
(``TEMPORAL_ADDRESS``, ``TEMPORAL_PROFILE``, …) name an external Temporal. Nothing here connects.
"""

import base64
import binascii
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from platformdirs import user_data_dir
from pydantic import Field, SecretStr, StringConstraints, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from temporalio.envconfig import ClientConfig, ClientConnectConfig

from domain.errors import Invalid, Unavailable
from runtime.state import Running, StateFolder

PREFIX: Final = "LIANDONG_"
TEMPORAL_VARIABLES: Final = ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")
"""Any one of these names an external Temporal; the first is the one we ask for when it is missing."""

Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP port; 0 means: any that is free."""

GatewayKey = Annotated[SecretStr, Field(min_length=32)]
"""The secret that department tokens are derived from; shorter ones could be guessed."""


def _default_state() -> Path:
    """The state folder of whoever runs this.

    Not root's home: PostgreSQL refuses to run as root, so as root it runs as a user of its own, and that
    one must be able to get to its files.
    """
    if sys.platform != "win32" and os.geteuid() == 0:
        return Path("/var/lib/liandong")
    return Path(user_data_dir("liandong", appauthor=False))


class Settings(BaseSettings):
    """All that can be set; an empty variable counts as not set. Made by ``load_settings``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: SecretStr | None = None
    """``postgresql://user:password@host/database`` of an external PostgreSQL."""
    state: Path = Field(default_factory=_default_state)
    """Folder of the embedded servers' data, logs, keys and of the note where they are."""

    gateway_host: Annotated[str, StringConstraints(min_length=1)] = "127.0.0.1"
    gateway_port: Port = 8112
    gateway_url: str | None = None
    """How others reach the gateway, where that is not host and port (behind a proxy, in containers)."""
    gateway_key: GatewayKey | None = None

    allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Networks that are not public and where departments' endpoints may lie all the same, with commas between
    (``10.20.0.0/16, 127.0.0.0/8``)."""
    alert_url: str | None = None
    """Where a CloudEvent is posted when a department's system takes no orders."""
    alert_secret: SecretStr | None = None
    """What that event is signed with (Standard Webhooks): ``whsec_`` and base64; unsigned where it is not set."""

    anchor_key: SecretStr | None = None
    """The Ed25519 private key that anchors and dossiers are signed with: 32 bytes in hex. Made in the state folder
    where it is not set; set it where several machines run workers."""
    anchors: Path | None = None
    """The folder where signed anchors are kept, best on a disk that the database cannot reach; in the state folder
    where it is not set."""
    anchor_url: str | None = None
    """Where each signed anchor is posted besides: somebody else's server."""
    font: Path | None = None
    """A font with Chinese characters for printed dossiers; looked for in the usual places where it is not set."""

    task_queue: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "liandong"
    temporal_port: Port = 7233
    temporal_ui_port: Port = 8233
    temporal_program: str | None = None
    """The ``temporal`` program to embed: a path, or a name to look for on the PATH."""
    temporal_synchronous: Literal["full", "normal"] = "full"
    """How the embedded Temporal writes: ``full`` survives a power cut, ``normal`` is a quarter faster and
    survives any killed process, but may forget the last moments before a power cut."""

    deadman: str | None = None
    """A dead man's switch that every clean audit touches: a file's path, or a URL that is sent a POST."""

    policy: str = "haikou"
    lang: str | None = None

    @field_validator("state", "anchors", "font")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().resolve() if value else None

    @field_validator("allowed_networks", mode="before")
    @classmethod
    def _with_commas(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("alert_secret")
    @classmethod
    def _is_webhook_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            prefix, _, encoded = value.get_secret_value().partition("_")
            try:
                long_enough = len(base64.b64decode(encoded, validate=True)) >= 24
            except binascii.Error:
                long_enough = False
            if prefix != "whsec" or not long_enough:
                raise PydanticCustomError("not_a_webhook_secret", "must be whsec_ and the base64 of 24 bytes or more")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise PydanticCustomError("not_a_postgresql_url", "must begin with postgresql://")
        return value

    @property
    def gateway_address(self) -> str:
        """The URL at which this machine reaches the gateway, unless ``gateway_url`` says another."""
        return self.gateway_url or http_url(self.gateway_host, self.gateway_port)


def http_url(host: str, port: int) -> str:
    """``http://host:port``; a host that means "every address" is reached through loopback."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def load_settings(**given: Any) -> Settings:
    """Read the settings from the environment; ``given`` values (command line options) go first.

    Raises:
        Invalid: ``setting-invalid`` with the ``variable`` and the ``reason`` (never the value, which may
            be a secret).
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        raise Invalid(
            "setting-invalid", variable=f"{PREFIX}{name.upper()}", reason=first["type"], text=first["msg"]
        ) from None


@dataclass(frozen=True)
class Servers:
    """Where the servers are and how to get in. Not shown whole: it holds secrets."""

    temporal: ClientConnectConfig = field(repr=False)
    """What ``temporalio.client.Client.connect`` takes: ``target_host``, ``namespace``, keys."""
    database_url: str = field(repr=False)
    gateway_url: str
    gateway_key: SecretStr | None = None
    temporal_ui: str | None = None
    """The address of Temporal's web page, where known."""

    @property
    def temporal_address(self) -> str:
        """``host:port`` of Temporal."""
        return self.temporal.get("target_host", "localhost:7233")

    @property
    def namespace(self) -> str:
        """Temporal's namespace that the cases live in."""
        return self.temporal.get("namespace", "default")

    def require_gateway_key(self) -> SecretStr:
        """The gateway's key.

        Raises:
            Invalid: ``setting-missing``, with external servers when nobody set one.
        """
        if self.gateway_key is None:
            raise Invalid("setting-missing", variable=f"{PREFIX}GATEWAY_KEY")
        return self.gateway_key


def external_servers(settings: Settings, environ: Mapping[str, str] | None = None) -> Servers | None:
    """The servers that the environment names; None if it names none.

    Raises:
        Invalid: ``servers-half-named`` when only one of Temporal and PostgreSQL is named (mixing one of
            ours with one of theirs would lose cases when either is restored alone), ``temporal-config``
            when Temporal's own configuration cannot be read.
    """
    environ = os.environ if environ is None else environ
    named = next((name for name in TEMPORAL_VARIABLES if environ.get(name)), None)
    if named is None and settings.database_url is None:
        return None
    if named is None:
        raise Invalid("servers-half-named", given=f"{PREFIX}DATABASE_URL", missing=TEMPORAL_VARIABLES[0])
    if settings.database_url is None:
        raise Invalid("servers-half-named", given=named, missing=f"{PREFIX}DATABASE_URL")
    return Servers(
        temporal=_temporal_config(environ),
        database_url=settings.database_url.get_secret_value(),
        gateway_url=settings.gateway_address,
        gateway_key=settings.gateway_key,
    )


def _temporal_config(environ: Mapping[str, str]) -> ClientConnectConfig:
    """Temporal's environment configuration, read by Temporal's own SDK."""
    try:
        config = ClientConfig.load_client_connect_config(override_env_vars=dict(environ))
    except (RuntimeError, ValueError, OSError) as error:
        raise Invalid("temporal-config", reason=str(error)) from error
    config.setdefault("target_host", "localhost:7233")
    return config


def locate(settings: Settings, environ: Mapping[str, str] | None = None) -> Servers:
    """Where the servers are: named by the environment, or started by ``liandong up`` on this state folder.

    Raises:
        Invalid: as ``external_servers``.
        Unavailable: ``nothing-running``: neither named nor started.
    """
    outside = external_servers(settings, environ)
    if outside is not None:
        return outside
    running = StateFolder(settings.state).read_running()
    if running is None:
        raise Unavailable("nothing-running", state=str(settings.state))
    return started_servers(running)


def started_servers(running: Running) -> Servers:
    """The servers that ``up`` started, from its note."""
    return Servers(
        temporal={"target_host": running.temporal_address, "namespace": running.namespace},
        database_url=running.database_url,
        gateway_url=running.gateway_url,
        gateway_key=SecretStr(running.gateway_key),
        temporal_ui=running.temporal_ui,
    )
