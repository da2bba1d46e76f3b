"""Every setting, its default and its limits; read from tinytrail.toml and the environment.

`tinytrail.toml.example` explains each one, and a test keeps the two equal.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

DEFAULT_FILE = "tinytrail.toml"

Limit = Annotated[str, Meta(pattern=r"^([1-9]\d{0,8}/[1-9]\d{0,8}[smhd])?$")]  # "10/10s"; empty: no limit
Days = Annotated[int, Meta(ge=0, le=36_500)]
Hours = Annotated[int, Meta(ge=0, le=876_000)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

# Kubernetes and Docker put these beside a service that is called "tinytrail".
FOREIGN_VARIABLE = re.compile(r"TINYTRAIL_(CONFIG$|PORT($|_)|SERVICE_)")


class ConfigError(Exception):
    """A setting that cannot be used, in one sentence that names it."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table in tinytrail.toml. A misspelt key is an error, not a silent default."""


class Server(Section, frozen=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000  # 0: any free one
    trusted_proxies: tuple[str, ...] = ()
    public_url: Annotated[str, Meta(pattern=r"^(https?://[^\s?#]+)?$")] = ""

    def __post_init__(self) -> None:
        for network in self.trusted_proxies:
            try:
                ip_network(network, strict=False)
            except ValueError:
                raise ValueError(f"`{network}` is no address and no CIDR range") from None


class Web(Section, frozen=True):
    enabled: bool = True
    collect_limit: Limit = "10/10s"
    api_limit: Limit = "60/60s"
    retention_days: Days = 0


class Track(Section, frozen=True):
    enabled: bool = True
    retention_days: Days = 30
    week_start: Weekday = "monday"
    write_key: str = ""
    read_key: str = ""


class Installs(Section, frozen=True):
    enabled: bool = True
    min_age_hours: Hours = 0
    new_limit: Limit = "20/1h"
    heartbeat_limit: Limit = "120/1h"


class Presence(Section, frozen=True):
    enabled: bool = True
    secret_key: str = ""  # empty: the /api/devices routes do not exist
    server_name: str = ""


class Geo(Section, frozen=True):
    database: str = ""
    header: str = ""


class Config(Section, frozen=True):
    database: Annotated[str, Meta(min_length=1)] = "tinytrail.db"
    key_file: Annotated[str, Meta(min_length=1)] = "tinytrail.key"
    server: Server = Server()
    web: Web = Web()
    track: Track = Track()
    installs: Installs = Installs()
    presence: Presence = Presence()
    geo: Geo = Geo()

    def base_url(self, port: int | None = None) -> str:
        """Where browsers find the server, without a slash at the end; `port` is the real one, once bound."""
        if self.server.public_url:
            return self.server.public_url.rstrip("/")
        host = f"[{self.server.host}]" if ":" in self.server.host else self.server.host
        return f"http://{host}:{port or self.server.port}"


def load_config(path: str | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """The settings of `path`, else of $TINYTRAIL_CONFIG, else of ./tinytrail.toml if there is one.

    A variable such as TINYTRAIL_SERVER_PORT goes before the file. Raises ConfigError.
    """
    named = path or environ.get("TINYTRAIL_CONFIG")
    file = Path(named or DEFAULT_FILE)
    settings = read_file(file) if named or file.exists() else {}
    source = str(file) if settings else "the environment"
    for variable, (section, key) in variables(environ).items():
        table = settings.setdefault(section, {}) if section else settings
        if not isinstance(table, dict):
            raise ConfigError(f"{file}: `{section}` must be a table, written [{section}]")
        is_list = (section, key) == ("server", "trusted_proxies")
        value = environ[variable]
        table[key] = [part.strip() for part in value.split(",") if part.strip()] if is_list else value
    try:
        return msgspec.convert(settings, Config, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{source}: {error}") from None


def read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{file}: {reason}") from None


def variables(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Each TINYTRAIL_ variable that is set, and the (section, key) it stands for."""
    known: dict[str, tuple[str, str]] = {}
    for field in msgspec.structs.fields(Config):
        if isinstance(field.default, Section):
            for inner in type(field.default).__struct_fields__:
                known[f"TINYTRAIL_{field.name}_{inner}".upper()] = (field.name, inner)
        else:
            known[f"TINYTRAIL_{field.name}".upper()] = ("", field.name)
    names = [name for name in environ if name.startswith("TINYTRAIL_") and not FOREIGN_VARIABLE.match(name)]
    for name in names:
        if name not in known:
            raise ConfigError(f"{name}: there is no such setting; see tinytrail.toml.example")
    return {name: known[name] for name in names}
