"""Who is no visitor: crawlers, scripts and everything that names itself."""

from is_bot import Bots

BOTS = Bots()
# Browsers of LG televisions call themselves "WebAppManager".
BOTS.exclude({"manager"})


def is_bot(user_agent: str) -> bool:
    """Whether a program sent this. Every browser has a User-Agent, so what has none is one too."""
    return not user_agent.strip() or bool(BOTS.is_bot(user_agent))
