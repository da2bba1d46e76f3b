"""The cast: visitors of a website, and owners who ask about it."""

import csv
import io
from typing import Any

from httpx import AsyncClient, Response

from tests.make import BROWSER, MINUTE, FakeClock, hit

COLLECT = "/api/v1/collect"
UNKNOWN = "00000000-0000-4000-8000-000000000000"  # the id of nothing

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


class Traffic:
    """Whoever visits a website. Each address is one visitor, as long as the day's salt lasts."""

    def __init__(self, client: AsyncClient, clock: FakeClock, website_id: str) -> None:
        self.client, self.clock, self.website_id = client, clock, website_id

    async def __call__(
        self,
        *steps: str,
        ip: str = "198.51.100.1",
        every: float = MINUTE,
        agent: str = BROWSER,
        country: str = "",
        status: int = 202,
        **fields: Any,
    ) -> None:
        """Page views of these paths, and events of these types (those without a slash) on the page before.

        The clock goes on by `every` seconds between them, and stands at the last one afterwards.
        """
        headers = {"x-forwarded-for": ip, "user-agent": agent, "cf-ipcountry": country}
        path = "/"
        for number, step in enumerate(steps):
            self.clock.now += every if number else 0
            path = step if step.startswith("/") else path
            kind = "page_view" if step.startswith("/") else step
            body = hit(self.website_id, path, event_type=kind, **fields)
            response = await self.client.post(COLLECT, json=body, headers=headers)
            assert response.status_code == status, response.text


class Owner:
    """Somebody with an API key, who asks for the reports of a website."""

    def __init__(self, client: AsyncClient, website_id: str) -> None:
        self.client, self.website_id = client, website_id

    async def get(self, report: str, **params: Any) -> Response:
        """`params` may name the parameters; `steps` stands for `steps[]`, None for one left out."""
        if "steps" in params:
            params["steps[]"] = params.pop("steps")
        params = {"website_id": self.website_id} | params
        given = {name: value for name, value in params.items() if value is not None}
        return await self.client.get(f"/api/v1/reports/{report}", params=given)

    async def report(self, report: str, **params: Any) -> Any:
        """The `data` of a report that succeeds."""
        response = await self.get(report, **params)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/json"
        assert response.json()["status"] == "success"
        return response.json()["data"]

    async def rows(self, report: str, **params: Any) -> Any:
        return (await self.report(report, **params))["rows"]

    async def metrics(self, **params: Any) -> dict[str, float]:
        """The values of the summary."""
        summary = await self.report("summary", **params)
        return {name: metric["value"] for name, metric in summary["metrics"].items()}

    async def csv(self, report: str, **params: Any) -> list[list[str]]:
        response = await self.get(report, format="csv", **params)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        assert response.headers["content-disposition"].startswith("attachment; filename=")
        return list(csv.reader(io.StringIO(response.text)))


def code(response: Response) -> str:
    """The error code of an answer in TinyTrail's envelope, whose shape is checked by the way."""
    body = response.json()
    assert body.keys() == {"status", "error"}
    assert body["status"] == "error"
    assert body["error"].keys() == {"code", "message"}
    assert body["error"]["message"]
    found: str = body["error"]["code"]
    return found


def message(response: Response) -> str:
    said: str = response.json()["error"]["message"]
    return said
