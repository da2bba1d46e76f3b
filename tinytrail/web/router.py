"""The routes of the web system."""

from litestar import Router
from litestar.di import Provide

from tinytrail.web.accounts import create_account, list_accounts, remove_account
from tinytrail.web.aggregate import aggregate
from tinytrail.web.auth import provide_caller, require_key
from tinytrail.web.reports import report_handlers
from tinytrail.web.users import create_user, list_users, remove_user, show_api_key
from tinytrail.web.websites import change_website, create_website, list_websites, remove_website

LARGEST_BODY = 64 * 1024


def protected_router() -> Router:
    """All that needs an API key, below /api/v1."""
    return Router(
        "/api/v1",
        guards=[require_key],
        dependencies={"caller": Provide(provide_caller, sync_to_thread=False)},
        request_max_body_size=LARGEST_BODY,
        route_handlers=[
            list_accounts,
            create_account,
            remove_account,
            list_users,
            create_user,
            show_api_key,
            remove_user,
            list_websites,
            create_website,
            change_website,
            remove_website,
            aggregate,
            *report_handlers(),
        ],
    )
