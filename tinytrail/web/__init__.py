"""Web analytics: cookie-less visits, pages and sources of websites. docs/api/web.md is its contract."""
