.DEFAULT_GOAL := help
UV := $(or $(shell command -v uv 2>/dev/null),.venv/bin/uv)
PYTHON ?= python3
BUNDLE := optional/browser_errors/yes/browser_errors/static/browser_errors/report.js
OURS := answers.py django_glitchtip_answers.py benchmarks hooks scripts tests

.PHONY: help
help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-14s %s\n", $$1, $$2}'

.PHONY: demo
demo: .venv/installed  ## Bake a project, start it with its tracker, raise an error and show the event that arrived
	@$(UV) run --no-sync python scripts/demo.py

.PHONY: test
test: lint  ## Run the tests; ARGS="-k name" selects some
	@$(UV) run --no-sync pytest $(ARGS)

.PHONY: lint
lint: .venv/installed  ## Check style and types
	@$(UV) run --no-sync ruff check $(OURS)
	@$(UV) run --no-sync ruff format --check $(OURS)
	@$(UV) run --no-sync mypy

.PHONY: examples
examples: .venv/installed  ## Render examples/ and docs/answers.md again, after a change to the template
	@$(UV) run --no-sync python -m scripts.examples
	@$(UV) run --no-sync python -m scripts.answers_page

# npm's lockfile pins every package. The result is in git, so that a project needs no Node.
.PHONY: browser-bundle
browser-bundle:  ## Build the script that projects serve to report browsers' errors, from browser/, with Node
	@npm ci --prefix browser --silent
	@node browser/build.js "$(BUNDLE)"

.PHONY: screenshots
screenshots: .venv/installed  ## Take the screenshots in docs/images/ with Chromium
	@$(UV) run --no-sync python -m scripts.screenshots

.PHONY: bench
bench: .venv/installed  ## Measure bakes, requests, outages and the stack; write docs/performance.md and its plot
	@$(UV) run --no-sync python -m benchmarks

.PHONY: release
release: test  ## Test, stamp, commit and tag a release: make release VERSION=0.2.0
	@$(UV) run --no-sync bump-my-version bump --new-version $(or $(VERSION),$(error Which version? make release VERSION=0.2.0))

.venv/installed: pyproject.toml
	@echo "Installing what the template needs into .venv ..."
	@command -v "$(UV)" >/dev/null || ($(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet uv)
	@$(UV) sync --quiet --inexact
	@touch $@
