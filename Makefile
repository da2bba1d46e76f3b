# What you type daily. Each target does all of its own set-up; needed beforehand: Python 3.11+ and make.

PYTHON ?= python3
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SAY = echo "Installing what is needed into .venv, which takes a minute or two." >&2

.PHONY: serve test lint format check faults bench screenshots browser

serve: .venv/serve-ready  ## run the server here
	@.venv/bin/tinytrail serve

test: .venv/dev-ready programs  ## run all tests
	@.venv/bin/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lint: .venv/dev-ready
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy

format: .venv/dev-ready
	@.venv/bin/ruff check --fix --quiet .
	@.venv/bin/ruff format .

check: lint test  ## what a commit must pass

faults: .venv/dev-ready  ## the long form of tests/faults: kills, slow clients, addresses by the million (as root)
	@.venv/bin/python -m pytest -m long tests/faults

bench: .venv/dev-ready  ## throughput against a bare ASGI answer (needs wrk)
	@for name in collect heartbeats; do .venv/bin/python -m bench.$$name; done

screenshots: .venv/dev-ready programs  ## README's pictures, from seeded data
	@.venv/bin/python -m docs.screenshots

# What the end-to-end tests drive, as Debian packages. Nothing is skipped where one is missing.
PROGRAMS = chromium nginx caddy openssl curl

programs:
	@missing=$$(for name in $(PROGRAMS); do PATH="$$PATH:/usr/sbin" command -v $$name >/dev/null || echo $$name; done); \
	  [ -z "$$missing" ] || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; } || \
	  { echo "The tests need more programs: sudo apt-get install" $$missing >&2; exit 1; }

.venv/serve-ready: pyproject.toml constraints.txt
	@$(SAY)
	@$(PYTHON) -m venv .venv
	@$(PIP) --editable .
	@touch $@

.venv/dev-ready: pyproject.toml constraints.txt
	@$(SAY)
	@$(PYTHON) -m venv .venv
	@$(PIP) --editable ".[dev]"
	@touch $@
