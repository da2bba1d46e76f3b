"""Who counts as a bot, by the User-Agent."""

import pytest
from is_bot import Bots

from tinytrail.web.bots import is_bot

WEBOS = "Mozilla/5.0 (Web0S; Linux/SmartTV)"
KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"

PROGRAMS = [
    "",
    "   ",
    "-",
    "Mozilla/5.0",
    "curl/8.5.0",
    "Wget/1.21.4",
    "python-httpx/0.27.0",
    "python-requests/2.31.0",
    "Python/3.11 aiohttp/3.9.5",
    "Go-http-client/1.1",
    "Go-http-client/2.0",
    "okhttp/4.12.0",
    "axios/1.7.2",
    "node",
    "Java/17.0.9",
    "PostmanRuntime/7.39.0",
    f"Mozilla/5.0 (X11; Linux x86_64) {KHTML} HeadlessChrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    f"Mozilla/5.0 {KHTML} (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76",
    f"Mozilla/5.0 {KHTML}; compatible; GPTBot/1.2; +https://openai.com/gptbot",
    f"Mozilla/5.0 {KHTML}; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "WhatsApp/2.23.20.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
]

TELEVISIONS = [
    f"{WEBOS} {KHTML} Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
    f"{WEBOS} AppleWebKit/538.2 (KHTML, like Gecko) Large Screen WebAppManager Safari/538.2",
]

PEOPLE = [
    *TELEVISIONS,
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KHTML} Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    f"Mozilla/5.0 (Linux; Android 10; CUBOT_X30) {KHTML} Chrome/126.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) {KHTML} Version/4.0 Chrome/125.0.0.0 Mobile Safari/537.36",
]


@pytest.mark.parametrize("agent", PROGRAMS)
def test_a_program_is_a_bot(agent: str) -> None:
    assert is_bot(agent)


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_person_is_none(agent: str) -> None:
    assert not is_bot(agent)


@pytest.mark.parametrize("agent", TELEVISIONS)
def test_the_package_alone_takes_lg_televisions_for_bots_and_by_one_pattern(agent: str) -> None:
    """If this fails, the package has renamed or dropped the pattern that bots.py leaves out."""
    assert Bots().matches(agent) == ["manager"]
