# Each target sets up what it needs; Python 3.11, git and make are enough.

# Tools of our own come last: what is installed already is used.
export PATH := $(PATH):$(CURDIR)/.tools/bin

# Without compiled modules each of a pipeline's processes compiles all it imports, for seconds.
unexport PYTHONDONTWRITEBYTECODE

# Three on two cores, for a rollout waits more than it works; who shares a repo stays together,
# and tests/conftest.py says which begin.
WORKERS = -n 3 --dist loadgroup --no-loadscope-reorder

# What runs at once prints one after the other, where this make can (that of macOS cannot).
WHOLE_LINES = $(if $(filter output-sync,$(.FEATURES)),--output-sync=line)

# Where the demo goes, a new temporary folder by default, and what it answers,
# for example: make demo DEMO=../late ANSWERS="--data maturity_level=0"
export DEMO =
ANSWERS =

.PHONY: help demo test check lint fast e2e own-tests test-all test-faults update-path bench docs docs-serve system uv

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

demo: uv ## generate a repo from this working tree and run its demo
	@set -eu; to="$${DEMO:-$$(mktemp -d)/late-flights}"; \
	if [ -e "$$to" ]; then \
		printf 'error: %s exists\n\nhint: make demo DEMO=another-folder\n' "$$to" >&2; exit 2; \
	fi; \
	GIT_AUTHOR_NAME=demo GIT_AUTHOR_EMAIL=demo@example.com \
	GIT_COMMITTER_NAME=demo GIT_COMMITTER_EMAIL=demo@example.com \
	uv run --quiet copier copy --quiet --trust --defaults --vcs-ref=HEAD $(ANSWERS) "$$PWD" "$$to"; \
	printf 'generated %s\n' "$$to"; \
	cd "$$to"; uv run just demo

test: uv system ## every test but the long matrix; generates repos and runs them
	uv run pytest $(WORKERS) -m "not all"

check: uv ## lint, types and the fast tests, in less than a minute
	@uv sync --quiet
	@$(MAKE) --no-print-directory -j2 $(WHOLE_LINES) lint fast

lint:
	uv run ruff format --check
	uv run ruff check
	uv run mypy
	SKIP=ruff-format,ruff-check uv run pre-commit run --all-files

fast:
	uv run pytest -n 2 --dist loadgroup --no-loadscope-reorder

e2e: uv system ## generate a repo and run everything in it
	uv run pytest $(WORKERS) -m "e2e and not all"

own-tests: uv system ## every test that ships in a repo, in one that was lived in
	uv run pytest $(WORKERS) -m "" tests/test_e2e_delivery.py -k "its_own and classification"

test-all: uv system ## every test: all levels, tasks and versions
	uv run pytest $(WORKERS) -m ""

test-faults: uv system ## commands are killed, run at once and fed odd files, without a network; two hours
	FAULT_POINTS=50 uv run pytest $(WORKERS) -m "" tests/faults tests/test_e2e_planted.py tests/test_e2e_integrity.py

update-path: uv ## older tags update to this version, which keeps what they promised; for a release
	uv run pytest $(WORKERS) -m "" tests/test_stability.py tests/test_update_path.py

bench: uv ## lines, updates, alarms, other layouts, service and pipeline beside plain ones, growth; writes what the docs quote
	uv run python benchmarks/lines.py
	uv run python benchmarks/updates.py
	uv run python benchmarks/alarms.py
	uv run python benchmarks/layouts.py
	uv run python benchmarks/service.py
	uv run python benchmarks/pipeline.py
	uv run python benchmarks/growth.py

docs: uv ## build the site into site/; a warning is an error
	uv run zensical build --clean --strict

docs-serve: uv ## show the site at http://127.0.0.1:8000, and again after each edit
	uv run zensical serve

system: ## the Debian packages that some tests need; only on a CI machine, only as root
	@.ci/system

uv:
	@command -v uv >/dev/null || { python3 -m venv .tools && .tools/bin/pip install --quiet "uv>=0.9,<1"; }
