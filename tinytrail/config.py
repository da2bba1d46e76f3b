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

from tinytrail.core.errors import field_and_reason, with_choices

DEFAULT_FILE = "tinytrail.toml"
LISTS = {"trusted_proxies"}  # in a variable their parts stand between commas

LIMIT = r"^([1-9]\d{0,8}/[1-9]\d{0,8}[smhd])?\Z"
ADDRESS = r"^(https?://[^\s/?#][^\s?#]*)?\Z"
WEBHOOK = r"^(https?://[^\s/]\S*)?\Z"
HEADER = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]*\Z"
# Servers take white space off a header's ends, and no client sends control characters in one.
SECRET = r"^(?!\s)[^\x00-\x08\x0a-\x1f\x7f]*(?<!\s)\Z"

Limit = Annotated[str, Meta(pattern=LIMIT)]  # "10/10s"; empty: no limit
Secret = Annotated[str, Meta(pattern=SECRET)]  # what a request brings in a header; empty: none
Days = Annotated[int, Meta(ge=0, le=36_500)]
Hours = Annotated[int, Meta(ge=0, le=876_000)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

IN_WORDS = {  # an operator should not have to read a regular expression
    f"`str` matching regex {LIMIT!r}": 'calls per time, such as "10/10s", "20/1h", or "" for no limit',
    f"`str` matching regex {ADDRESS!r}": 'an address such as "https://stats.example.com", or ""',
    f"`str` matching regex {WEBHOOK!r}": 'an address such as "https://example.com/hook", or ""',
    f"`str` matching regex {HEADER!r}": 'the name of a header, such as "CF-IPCountry", or ""',
    f"`str` matching regex {SECRET!r}": "what a header can bring: no white space around it, no line breaks",
}

# What msgspec calls the kinds of values
KINDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "object": "a table",
    "str": "text",
}

# Kubernetes puts these beside a service that is called "tinytrail". Its TINYTRAIL_PORT is an address.
FOREIGN_VARIABLE = re.compile(r"TINYTRAIL_(PORT_|SERVICE_)|TINYTRAIL_PORT=\w+://")


class ConfigError(Exception):
    """A setting that cannot be used, in one sentence that names it."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table in tinytrail.toml. A misspelt key is an error, not a silent default."""


class Server(Section, frozen=True):
    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000  # 0: any free one
    trusted_proxies: tuple[str, ...] = ()
    public_url: Annotated[str, Meta(pattern=ADDRESS)] = ""
    log_format: Literal["text", "json"] = "text"
    metrics: bool = False

    def __post_init__(self) -> None:
        for network in self.trusted_proxies:
            try:
                ip_network(network, strict=False)
            except ValueError:
                raise ValueError(f"trusted_proxies: `{network}` is no address and no CIDR range") from None


class Web(Section, frozen=True):
    enabled: bool = True
    collect_limit: Limit = "10/10s"
    api_limit: Limit = "60/60s"
    session_limit: Limit = "600/60s"
    sign_in_limit: Limit = "10/10m"
    retention_days: Days = 0


class Track(Section, frozen=True):
    enabled: bool = True
    retention_days: Days = 30
    week_start: Weekday = "monday"
    write_key: Secret = ""
    read_key: Secret = ""


class Installs(Section, frozen=True):
    enabled: bool = True
    min_age_hours: Hours = 0
    new_limit: Limit = "20/1h"
    heartbeat_limit: Limit = "120/1h"


class Presence(Section, frozen=True):
    enabled: bool = True
    secret_key: Secret = ""  # empty: the /api/devices routes do not exist
    server_name: str = ""
    webhook_url: Annotated[str, Meta(pattern=WEBHOOK)] = ""
    alert_after_hours: Hours = 0  # 0: no alert


class Geo(Section, frozen=True):
    database: str = ""
    header: Annotated[str, Meta(pattern=HEADER)] = ""


# Who listens on all addresses is found on this one; no link leads to "all addresses".
HOME = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Config(Section, frozen=True):
    database: Annotated[str, Meta(min_length=1)] = "tinytrail.db"
    key_file: Annotated[str, Meta(min_length=1)] = "tinytrail.key"
    server: Server = Server()
    web: Web = Web()
    track: Track = Track()
    installs: Installs = Installs()
    presence: Presence = Presence()
    geo: Geo = Geo()

    def local_url(self, port: int | None = None) -> str:
        """Where this machine finds the server; `port` is the real one, once bound."""
        host = self.server.host
        return http_url(HOME.get(host, host), port or self.server.port)

    def base_url(self, port: int | None = None) -> str:
        """Where browsers find the server, without a slash at the end."""
        return self.server.public_url.rstrip("/") or self.local_url(port)


def http_url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def load_config(path: str | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """The settings of `path`, else of $TINYTRAIL_CONFIG, else of ./tinytrail.toml if there is one.

    A variable such as TINYTRAIL_SERVER_PORT goes before the file. Raises ConfigError.
    """
    named = path or environ.get("TINYTRAIL_CONFIG")
    file = Path(named or DEFAULT_FILE)
    config = read_file(file) if named or file.exists() else Config()
    for variable, (section, key, key_type) in variables(environ).items():
        text = environ[variable]
        value = [part.strip() for part in text.split(",") if part.strip()] if key in LISTS else text
        try:
            changed = {key: msgspec.convert(value, key_type, strict=False)}  # not strict: "8000" is a number
            if section:
                changed = {section: msgspec.structs.replace(getattr(config, section), **changed)}
            config = msgspec.structs.replace(config, **changed)
        except (msgspec.ValidationError, ValueError) as error:
            raise ConfigError(f"{variable}: {in_words(error, key_type)}") from None
    return config


def read_file(file: Path) -> Config:
    try:
        return msgspec.convert(tomllib.loads(file.read_text("utf-8-sig")), Config)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {in_words(error, Config)}") from None


def variables(environ: Mapping[str, str]) -> dict[str, tuple[str, str, Any]]:
    """Each TINYTRAIL_ variable that is set, and the section, key and type that it stands for."""
    known: dict[str, tuple[str, str, Any]] = {}
    for field in msgspec.structs.fields(Config):
        if isinstance(field.default, Section):
            for inner in msgspec.structs.fields(field.default):
                known[f"TINYTRAIL_{field.name}_{inner.name}".upper()] = (field.name, inner.name, inner.type)
        else:
            known[f"TINYTRAIL_{field.name}".upper()] = ("", field.name, field.type)
    found = {}
    for name, value in environ.items():
        if name in known:
            found[name] = known[name]
        elif name.startswith("TINYTRAIL_") and not is_foreign(name, value):
            raise ConfigError(f"{name}: there is no such setting; see tinytrail.toml.example")
    return found


def is_foreign(name: str, value: str) -> bool:
    return name == "TINYTRAIL_CONFIG" or bool(FOREIGN_VARIABLE.match(f"{name}={value}"))


def in_words(error: Exception, kind: Any) -> str:
    """msgspec's message with the key at its front, and without its own vocabulary; `kind` was expected."""
    key, reason = field_and_reason(str(error))
    for pattern, words in IN_WORDS.items():
        reason = reason.replace(pattern, words)
    reason = with_choices(reason, kind, key)
    reason = reason.replace("Object contains unknown field", "there is no setting called")
    reason = re.sub(
        r"\b(Expected|got) `(\w+)`", lambda said: f"{said[1]} {KINDS.get(said[2], said[2])}", reason
    )
    return f"{key}: {reason}" if key else reason
