"""Settings, from the file or from variables: taken, or refused in a sentence."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.test_parsers import HANGS, JSON, SENDABLE
from tinytrail.config import Config, ConfigError, Section, load_config


def as_toml(table: dict[str, Any]) -> bytes:
    """Where JSON is TOML too; else it is refused for that."""
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items()).encode()


@pytest.mark.parametrize("examples", [40, pytest.param(5000, marks=pytest.mark.long)])
def test_settings_are_taken_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, examples: int
) -> None:
    file: Path = tmp_path_factory.mktemp("settings") / "tinytrail.toml"
    keys = st.sampled_from(["server", "web", "port", "host", "collect_limit", "trusted_proxies", "enabled"])
    tables = st.dictionaries(keys, JSON | st.dictionaries(keys, JSON, max_size=3), max_size=3)
    sentences: list[str] = []

    @settings(max_examples=examples, deadline=HANGS, database=None)
    @given(st.binary() | tables.map(as_toml))
    def check(content: bytes) -> None:
        file.write_bytes(content)
        try:
            load_config(str(file), {})
        except ConfigError as error:
            sentences.append(str(error))

    check()
    assert sentences
    assert all(sentences)


def variables() -> list[str]:
    """Of every setting; Kubernetes' besides, and one that is none."""
    names = ["TINYTRAIL_CONFIG", "TINYTRAIL_PORT", "TINYTRAIL_PORT_80_TCP", "TINYTRAIL_NONE"]
    for field in msgspec.structs.fields(Config):
        if isinstance(field.default, Section):
            inner = msgspec.structs.fields(field.default)
            names += [f"TINYTRAIL_{field.name}_{each.name}".upper() for each in inner]
        else:
            names.append(f"TINYTRAIL_{field.name}".upper())
    return names


@pytest.mark.parametrize("examples", [150, pytest.param(20_000, marks=pytest.mark.long)])
def test_variables_are_taken_or_refused_in_a_sentence(tmp_path: Path, examples: int) -> None:
    file = tmp_path / "tinytrail.toml"
    file.write_text("")
    likely = st.sampled_from(
        [
            "",
            "0",
            "-1",
            "8000",
            "99999",
            "true",
            "yes",
            "10/10s",
            "1/1h\n",
            "10.0.0.0/8, ::/0",
            "[",
            "https://x",
            "1e3",
            "x" * 9999,
        ]
    )
    values = likely | SENDABLE | st.integers().map(str) | st.floats().map(str) | st.just("\udcff")
    sentences: list[str] = []
    unnamed: list[str] = []

    @settings(max_examples=examples, deadline=HANGS, database=None)
    @given(st.dictionaries(st.sampled_from(variables()), values, min_size=1, max_size=3))
    def check(environ: dict[str, str]) -> None:
        try:
            load_config(str(file), environ)
        except ConfigError as error:
            sentences.append(str(error))
            if not any(name in str(error) for name in environ):
                unnamed.append(str(error))

    check()
    assert sentences
    assert not unnamed
