"""Schemathesis against the served OpenAPI document: no 500, and no answer that the document does not know."""

import subprocess
import sys
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.faults.load import UNLIMITED
from tests.faults.wire import prepare
from tests.make import config_in
from tests.server import serving
from tinytrail.config import Config
from tinytrail.openapi_inputs import BODIES, QUERIES

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
DELETES_THE_WEBSITE = "DELETE /api/v1/websites/{website_id}"  # that all others ask for
PRESENCE = {"TINYTRAIL_PRESENCE_SECRET_KEY": "secret"}


@pytest.mark.parametrize("examples", [2, pytest.param(200, marks=pytest.mark.long)])
def test_whatever_fits_the_document_is_answered_as_it_says(tmp_path: Path, examples: int) -> None:
    website, key = prepare(tmp_path)
    (tmp_path / "schemathesis.toml").write_text(f'[parameters]\nwebsite_id = "{website}"\n')
    with serving(tmp_path, log=f"{tmp_path}/log", **UNLIMITED, **PRESENCE) as server:
        command = [
            f"{Path(sys.executable).parent}/schemathesis", "run", f"{server.url}/api/v1/openapi.json",
            "--header", f"X-API-KEY: {key}", "--header", "Authorization: secret", "--checks", CHECKS,
            "--phases", "examples,fuzzing", "--max-examples", str(examples), "--suppress-health-check", "all",
            "--exclude-name", DELETES_THE_WEBSITE,
        ]  # fmt: skip
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]
    assert (tmp_path / "log").read_text() == ""


async def test_what_is_written_by_hand_is_of_routes_that_exist(client: AsyncClient) -> None:
    paths = (await client.get("/api/v1/openapi.json")).json()["paths"]
    assert set(QUERIES) <= paths.keys()
    assert {path for method, path in BODIES if method in paths.get(path, {})} == {path for _, path in BODIES}
    assert not [path for path in paths if path.startswith(("/static", "/share", "/js"))]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_in(tmp_path, presence={"secret_key": "secret"})
