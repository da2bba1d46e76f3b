"""Web analytics: cookie-less visits, pages and sources of websites. docs/api/web.md is its contract."""

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from tinytrail.web.accounts import create_account, list_accounts, remove_account
from tinytrail.web.aggregate import aggregate
from tinytrail.web.auth import provide_caller, require_key
from tinytrail.web.collect import Collector
from tinytrail.web.content_group_preview import preview_content_groups
from tinytrail.web.cookie import resend_cookie
from tinytrail.web.dashboard import show_dashboard, static_file
from tinytrail.web.errors import GUARDED
from tinytrail.web.export import export_traffic
from tinytrail.web.health import tracker
from tinytrail.web.reports import report_handlers
from tinytrail.web.sessions import list_sessions, remove_session, show_current, sign_in, sign_out
from tinytrail.web.shares import create_share, list_shares, remove_share, show_shared_dashboard
from tinytrail.web.users import create_user, list_users, remove_user, replace_api_key, show_api_key
from tinytrail.web.website_status import show_status
from tinytrail.web.websites import (
    change_website,
    create_website,
    list_websites,
    remove_website,
    show_website,
)


def routes(collector: Collector) -> list[ControllerRouterHandler]:
    """The dashboard, the tracker, where it reports to, and all that needs an API key."""
    protected = Router(
        "/api/v1",
        guards=[require_key],
        middleware=[resend_cookie],
        response_headers=GUARDED,
        dependencies={"caller": Provide(provide_caller, sync_to_thread=False)},
        route_handlers=[
            list_accounts,
            create_account,
            remove_account,
            list_users,
            create_user,
            show_api_key,
            replace_api_key,
            remove_user,
            list_websites,
            create_website,
            show_website,
            change_website,
            remove_website,
            show_status,
            preview_content_groups,
            export_traffic,
            list_shares,
            create_share,
            remove_share,
            sign_in,
            show_current,
            list_sessions,
            sign_out,
            remove_session,
            aggregate,
            *report_handlers(),
        ],
    )
    return [show_dashboard, show_shared_dashboard, static_file, tracker, collector.handler(), protected]
