"""Settings: the example file, the file, and the environment, which goes before it."""

import json
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tinytrail.config import Config, ConfigError, Section, load_config

EXAMPLE = Path(__file__).parent.parent / "tinytrail.toml.example"

# What a variable may hold where the type alone does not say; by key.
GOOD = {
    "collect_limit": "3/1m",
    "api_limit": "3/1m",
    "session_limit": "3/1m",
    "sign_in_limit": "3/1m",
    "new_limit": "",
    "heartbeat_limit": "7/1d",
    "week_start": "sunday",
    "log_format": "json",
    "public_url": "https://stats.example.com",
    "webhook_url": "https://example.com/hook?token=a",
    "header": "CF-IPCountry",
    "trusted_proxies": "10.0.0.0/8, ::1",
}


def keys() -> Iterator[tuple[str, str, Any]]:
    """Each section (empty for the top), key and default."""
    for field in msgspec.structs.fields(Config):
        if isinstance(field.default, Section):
            yield from ((field.name, *item) for item in msgspec.structs.asdict(field.default).items())
        else:
            yield "", field.name, field.default


def variable(section: str, key: str) -> str:
    return "_".join(part for part in ("TINYTRAIL", section, key) if part).upper()


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    return load_config(str(file), environ or {})


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_example_states_every_default() -> None:
    assert tomllib.loads(EXAMPLE.read_text()) == json.loads(msgspec.json.encode(Config()))


def test_the_example_can_be_loaded() -> None:
    assert load_config(str(EXAMPLE), {}) == Config()


def test_every_key_of_the_example_has_a_sentence_above_it() -> None:
    """Or above the line before it: two keys may share one."""
    lines = [line for line in EXAMPLE.read_text().splitlines() if not line.startswith("[")]
    for before, line in pairwise(lines):
        if line and not line.startswith("#"):
            assert before, f"nothing explains {line}"


def test_without_a_file_and_without_variables_all_is_default() -> None:
    assert load_config(environ={}) == Config()


def test_a_file_in_the_working_directory_is_found(tmp_path: Path) -> None:
    (tmp_path / "tinytrail.toml").write_text("[server]\nport = 81")
    assert load_config(environ={}).server.port == 81


def test_a_variable_names_the_file_and_an_argument_goes_before_it(tmp_path: Path) -> None:
    for number, name in enumerate(("tinytrail.toml", "by_variable.toml", "by_argument.toml")):
        (tmp_path / name).write_text(f"[server]\nport = {number}")
    environ = {"TINYTRAIL_CONFIG": "by_variable.toml"}
    assert load_config(environ=environ).server.port == 1
    assert load_config("by_argument.toml", environ).server.port == 2


@pytest.mark.parametrize(("path", "environ"), [("no.toml", {}), (None, {"TINYTRAIL_CONFIG": "no.toml"})])
def test_a_file_that_is_named_must_be_there(path: str | None, environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"^no\.toml: No such file or directory$"):
        load_config(path, environ)


@pytest.mark.parametrize(("section", "key", "default"), list(keys()))
def test_every_key_is_a_variable_and_it_goes_before_the_file(
    tmp_path: Path, section: str, key: str, default: Any
) -> None:
    text = GOOD.get(key)
    if text is None:
        text = {bool: str(not default).lower(), int: "7", str: "a name"}[type(default)]
    expected: Any = {bool: not default, int: 7}.get(type(default), text)
    if key == "trusted_proxies":
        expected = ("10.0.0.0/8", "::1")

    config = load(tmp_path, EXAMPLE.read_text(), {variable(section, key): text})

    changed = getattr(getattr(config, section) if section else config, key)
    assert changed == expected != default
    before = msgspec.structs.replace(getattr(config, section), **{key: default}) if section else default
    assert msgspec.structs.replace(config, **{section or key: before}) == Config()


def test_an_empty_list_can_be_a_variable(tmp_path: Path) -> None:
    text = '[server]\ntrusted_proxies = ["10.0.0.1"]'
    assert load(tmp_path, text, {"TINYTRAIL_SERVER_TRUSTED_PROXIES": ""}).server.trusted_proxies == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('databse = "x"', "there is no setting called `databse`"),
        ("[sever]\nport = 1", "there is no setting called `sever`"),
        ("[server]\nprot = 1", "server: there is no setting called `prot`"),
        ("[server]\nport = 65536", "server.port: Expected a whole number <= 65535"),
        ('[server]\nport = "80"', "server.port: Expected a whole number, got text"),
        ("[server]\nhost = 7", "server.host: Expected text, got a whole number"),
        ("server = 7", "server: Expected a table, got a whole number"),
        ('[web]\nenabled = "yes"', "web.enabled: Expected true or false, got text"),
        ("[web]\nretention_days = -1", "web.retention_days: Expected a whole number >= 0"),
        ('[web]\ncollect_limit = "10 a second"', "web.collect_limit: Expected calls per time, such as"),
        ('[web]\napi_limit = "0/10s"', "web.api_limit: Expected calls per time, such as"),
        ('[web]\napi_limit = "1/10s\\n"', "web.api_limit: Expected calls per time, such as"),
        ('[server]\npublic_url = "stats.example.com"', "server.public_url: Expected an address such as"),
        ('[server]\npublic_url = "https:///"', "server.public_url: Expected an address such as"),
        ('[presence]\nwebhook_url = "x"', "presence.webhook_url: Expected an address such as"),
        (
            '[server]\ntrusted_proxies = ["10.0.0.0/33"]',
            "trusted_proxies: `10.0.0.0/33` is no address and no",
        ),
        ('[track]\nweek_start = "Monday"', "track.week_start: must be one of monday, tuesday, wednesday"),
        ('[server]\nlog_format = "xml"', "server.log_format: must be one of text, json"),
        ("[server]\ntrusted_proxies = 7", "server.trusted_proxies: Expected a list, got a whole number"),
        ('database = ""', "database: Expected text of length >= 1"),
        ('[server]\nhost = ""', "server.host: Expected text of length >= 1"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)
    assert str(raised.value).startswith(f"{tmp_path}/settings.toml: ")
    assert said in str(raised.value)


SECRETS = (("presence", "secret_key"), ("track", "write_key"), ("track", "read_key"))


@pytest.mark.parametrize(("section", "key"), SECRETS)
@pytest.mark.parametrize(
    "value", [" geheim", "geheim ", "geheim\n", "\tgeheim", " ", "ge\nheim", "ge\x00heim", "\x7f"]
)
def test_a_secret_that_no_request_could_bring_is_refused_and_not_repeated(
    tmp_path: Path, section: str, key: str, value: str
) -> None:
    expected = f"{section}.{key}: Expected what a header can bring: no white space around it, no line breaks"
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, f"[{section}]\n{key} = {json.dumps(value)}")
    assert expected in str(raised.value)
    assert "heim" not in str(raised.value)
    with pytest.raises(ConfigError, match=f"^{variable(section, key)}: Expected what a header can bring"):
        load_config(environ={variable(section, key): value})


@pytest.mark.parametrize(("section", "key"), SECRETS)
@pytest.mark.parametrize("value", ["geheim", "ge heim", "a\tb", "größer", '!"§$%&/()=', ""])
def test_a_secret_that_a_request_can_bring_is_taken(
    tmp_path: Path, section: str, key: str, value: str
) -> None:
    config = load(tmp_path, "", {variable(section, key): value})
    assert getattr(getattr(config, section), key) == value


@pytest.mark.parametrize(
    "value", ["CF-IPCountry ", " CF-IPCountry", "CF IPCountry", "CF-IPCountry:", "Länder"]
)
def test_what_is_no_headers_name_is_refused(tmp_path: Path, value: str) -> None:
    expected = r'geo\.header: Expected the name of a header, such as "CF-IPCountry", or ""$'
    with pytest.raises(ConfigError, match=expected):
        load(tmp_path, f"[geo]\nheader = {json.dumps(value)}")


def test_a_file_may_begin_with_the_mark_that_windows_editors_put_there(tmp_path: Path) -> None:
    (tmp_path / "tinytrail.toml").write_bytes(b'\xef\xbb\xbfdatabase = "x.db"')
    assert load_config(environ={}).database == "x.db"


@pytest.mark.parametrize("text", [b"database = ", b"[server", b'database = "\xff"'])
def test_a_malformed_file_is_named(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "tinytrail.toml").write_bytes(text)
    with pytest.raises(ConfigError, match=r"^tinytrail\.toml is not valid TOML: "):
        load_config(environ={})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TINYTRAIL_SERVER_PORT", "http"),
        ("TINYTRAIL_SERVER_PORT", "65536"),
        ("TINYTRAIL_SERVER_TRUSTED_PROXIES", "10.0.0.1,nonsense"),
        ("TINYTRAIL_WEB_ENABLED", "perhaps"),
        ("TINYTRAIL_SERVER_LOG_FORMAT", "xml"),
        ("TINYTRAIL_WEB_COLLECT_LIMIT", "10"),
        ("TINYTRAIL_DATABASE", ""),
        ("TINYTRAIL_DATABSE", "x"),  # misspelt
        ("TINYTRAIL_SERVER", "x"),  # a table
        ("TINYTRAIL_PORT", "8000"),  # meant to be TINYTRAIL_SERVER_PORT
    ],
)
def test_a_variable_that_cannot_be_used_is_named_and_not_the_file(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}: "):
        load(tmp_path, "[server]\nport = 1", {name: value})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TINYTRAIL_WEB_ENABLED", "yes", "true or false"),
        ("TINYTRAIL_SERVER_PORT", "abc", "a whole number"),
        ("TINYTRAIL_SERVER_PORT", "65536", "a whole number <= 65535"),
    ],
)
def test_what_a_variable_may_hold_is_told_in_words(name: str, value: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}: Expected {expected}(, got text)?$"):
        load_config(environ={name: value})


def test_the_variables_that_kubernetes_sets_for_a_service_of_this_name_are_left_alone() -> None:
    environ = {
        "TINYTRAIL_SERVICE_HOST": "10.96.0.7",
        "TINYTRAIL_SERVICE_PORT_HTTP": "8000",
        "TINYTRAIL_PORT": "tcp://10.96.0.7:8000",
        "TINYTRAIL_PORT_8000_TCP_ADDR": "10.96.0.7",
    }
    assert load_config(environ=environ) == Config()


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "::1", "port": 80}, "http://[::1]:80"),
        ({"host": "0.0.0.0"}, "http://127.0.0.1:8000"),
        ({"host": "::"}, "http://[::1]:8000"),
        ({"public_url": "https://stats.example.com/"}, "https://stats.example.com"),
        ({"public_url": "https://example.com/stats"}, "https://example.com/stats"),
    ],
)
def test_where_browsers_find_the_server(server: dict[str, Any], url: str) -> None:
    assert msgspec.convert({"server": server}, Config).base_url() == url
