"""The OpenAPI document tells what is taken: all of it is sent, and nothing else is asked for."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from litestar.datastructures import MultiDict

from tests.make import BROWSER, calling, config_in
from tinytrail.app import App
from tinytrail.config import Config
from tinytrail.core.db import Database
from tinytrail.core.tokens import hash_token
from tinytrail.openapi import BARE, describe
from tinytrail.openapi_inputs import BODIES, EXAMPLES, FILTERS, QUERIES, SIGN_UP
from tinytrail.presence.devices import insert_device
from tinytrail.web.reports.filters import DIMENSIONS

SECRET_KEY = "the presence secret"
SIGNED_IN = ("delete", "/api/v1/sessions/current")  # which ends the session that it is called with

Json = dict[str, Any]
Query = list[tuple[str, Any]]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_in(
        tmp_path,
        web={"api_limit": "", "session_limit": "", "collect_limit": ""},
        presence={"secret_key": SECRET_KEY},
    )


@pytest.fixture
def document(app: App) -> Json:
    return describe(app.routes)


class Cast:
    """Calls operations, each upon things of its own, so that any may be deleted."""

    def __init__(self, admin: AsyncClient, key: str, app: App, db: Database) -> None:
        self.admin, self.key, self.app, self.db = admin, key, app, db
        self.website, self.account = "", ""

    async def make(self, path: str, body: Json) -> str:
        made = await self.admin.post(path, json=body)
        assert made.status_code == 201, made.text
        new_id: str = made.json()["data"].get("id", "")
        return new_id

    async def new_website(self) -> str:
        return await self.make("/api/v1/websites", {"domain": f"{uuid4()}.example"})

    async def prepare(self) -> None:
        self.website, self.account = (
            await self.new_website(),
            await self.make("/api/v1/accounts", {"name": "X"}),
        )
        async with calling(self.app, user_agent=BROWSER) as visitor:
            for event_type in ("page_view", "signup"):
                event = SIGN_UP | {"website_id": self.website, "event_type": event_type}
                assert (await visitor.post("/api/v1/collect", json=event)).status_code == 202
        await self.db.write(insert_device, "Laptop", hash_token("a token"))

    async def filled(self, path: str) -> str:
        """The path with ids that are there, and nobody else's."""
        website = self.website
        if "{website_id}" in path and not path.endswith(("/export", "/status")):
            website = await self.new_website()
        if "{account_id}" in path:
            path = path.replace("{account_id}", await self.make("/api/v1/accounts", {"name": "Y"}))
        if "{user_id}" in path:
            new = {"account_id": self.account, "role": "user"}
            path = path.replace("{user_id}", await self.make("/api/v1/users", new))
        if "{share_id}" in path:
            share = await self.make(f"/api/v1/websites/{website}/shares", {"name": "Z"})
            path = path.replace("{share_id}", share)
        if "{session_id}" in path:
            await self.make("/api/v1/sessions", {"api_key": self.key})
            sessions = (await self.admin.get("/api/v1/sessions")).json()["data"]
            path = path.replace("{session_id}", sessions[0]["id"])
        return path.replace("{website_id}", website).replace("{device_id}", "0")

    def of_here(self, example: Any) -> Any:
        """An example's body with ids that are there."""
        if isinstance(example, list):
            return [self.of_here(one) for one in example]
        known = {"website_id": self.website, "account_id": self.account, "api_key": self.key}
        return example | {name: value for name, value in known.items() if name in example}

    async def call(self, method: str, path: str, query: Query, body: Any = None) -> Response:
        headers = {"authorization": "a token" if path == "/api/beat" else SECRET_KEY, "user-agent": BROWSER}
        if (method, path) == SIGNED_IN:
            await self.make("/api/v1/sessions", {"api_key": self.key})
            headers |= {"x-api-key": "", "origin": "http://test"}
        content = {} if body is None else {"json": self.of_here(body)}
        found = [(name, self.website if name == "website_id" else value) for name, value in query]
        url = await self.filled(path)
        return await self.admin.request(method, url, params=found, headers=headers, **content)


@pytest.fixture
async def cast(admin: AsyncClient, admin_key: str, app: App, db: Database) -> Cast:
    cast = Cast(admin, admin_key, app, db)
    await cast.prepare()
    return cast


def values_of(parameter: Json) -> list[Any]:
    schema = parameter["schema"]
    if parameter["name"] == "website_id":
        return [None]
    values: list[Any] = schema.get("enum") or schema["examples"]
    return values


def queries_of(operation: Json) -> Iterator[Query]:
    """What must be given, alone and with each value of each parameter; and all of them at once."""
    asked = {each["name"]: each for each in operation.get("parameters", []) if each["in"] == "query"}
    needed = [name for name, parameter in asked.items() if parameter["required"]]

    def query(**given: Any) -> Query:
        dates = ["start_date", "end_date"] if {"start_date", "end_date"} & given.keys() else []
        all_given = {name: values_of(asked[name])[0] for name in needed + dates} | given
        pairs: Query = []
        for name, value in all_given.items():
            pairs += [(name, one) for one in value] if isinstance(value, list) else [(name, value)]
        return pairs

    yield query()
    if asked:
        yield query(**{name: values_of(parameter)[0] for name, parameter in asked.items()})
    for name, parameter in asked.items():
        for value in values_of(parameter):
            yield query(**{name: value})


def operations_of(document: Json) -> list[tuple[str, str, Json]]:
    return [
        (method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


async def test_every_example_and_every_choice_in_the_document_is_taken(cast: Cast, document: Json) -> None:
    for method, path, operation in operations_of(document):
        well = {int(status) for status in operation["responses"] if status < "3"}
        for query in queries_of(operation):
            for body in EXAMPLES.get((method, path), [None]):
                answer = await cast.call(method, path, query, body)
                assert answer.status_code in well, (method, path, query, body, answer.text)


async def test_the_documented_parameters_are_those_that_handlers_ask_for(
    cast: Cast, document: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str] = set()

    def noting(read: Any) -> Any:
        def ask(self: Any, key: str, *more: Any) -> Any:
            asked.add(key)
            return read(self, key, *more)

        return ask

    monkeypatch.setattr(MultiDict, "get", noting(MultiDict.get))
    monkeypatch.setattr(MultiDict, "getall", noting(MultiDict.getall))
    for method, path, operation in operations_of(document):
        if method == "get":
            asked.clear()
            for query in islice(queries_of(operation), 2):  # what must be given, and all at once
                assert (await cast.call(method, path, query)).status_code == 200
            assert asked == QUERIES.get(path, {}).keys(), path


def test_there_is_an_example_of_every_body_and_of_every_filter() -> None:
    assert EXAMPLES.keys() == BODIES.keys()
    assert list(FILTERS) == list(DIMENSIONS)


async def test_every_operation_that_reads_a_body_is_known_to(cast: Cast, document: Json) -> None:
    """One that refuses what is no JSON has a decoder, and that is in BODIES."""
    for method, path, _ in operations_of(document):
        if method in ("post", "patch", "put") and (method, path) not in BODIES and path not in BARE:
            url = await cast.filled(path)
            headers = {"authorization": SECRET_KEY}
            answer = await cast.admin.request(method, url, content=b"no JSON", headers=headers)
            assert answer.is_success, (method, path)
