# Each target does all of its own set-up in .venv (see .ci/venv). Nothing but Python 3.11+ and the package registry is needed.
.DEFAULT_GOAL := help
.PHONY: help demo test check lint coverage bench bench-exchange bench-fleet bench-history bench-mqtt bench-screens \
	bluez wheel wheel-test clean storm storm-long bench-figures fuzz kills soak explore mutants mutants-tables

# Without the compiled files each of some two hundred processes would compile the program anew, and each worker the tests.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# Two cores are what CI has. Half of the time a worker waits for other processes and for real clocks, so that three fill
# them; more would make the tests on the real clock late.
WORKERS := 3
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m 'not bluez'

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 16

demo: ## a whole session on the simulated treadmill, unattended, in about a minute
	@.ci/venv run
	@$(BIN)/retroctl demo

# The virtual machine takes ten minutes and wants both cores: alone, first, and only where every tier is required.
test: ## the test suite; what needs a system part is left out unless RETROCTL_REQUIRE_SYSTEM_TIERS=1
	@.ci/venv dev
ifeq ($(RETROCTL_REQUIRE_SYSTEM_TIERS),1)
	@$(BIN)/python -m pytest tests/bluez
else
	@echo 'retroctl: left out here: tests/bluez (real Bluetooth in a virtual machine, ten minutes; make bluez runs it)'
endif
	@$(PYTEST)

check: lint coverage ## style, types, architecture, and every branch of the pure core

lint: ## style, types, and the arrows between the modules
	@.ci/venv dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

# The pure core has no excuse for a branch that no test takes. These tests need neither process nor screen nor real time,
# so that measuring, which slows everything down, makes none of them late; `make test` has run all the others.
PURE := tests/unit/domain tests/unit/ftms tests/unit/test_engine.py tests/unit/test_procedure.py \
	tests/unit/test_session_every_event_in_every_state.py tests/unit/test_energy.py tests/unit/test_profiles.py \
	tests/unit/test_heart*.py tests/unit/test_programme_commands.py tests/unit/test_report_page.py \
	tests/unit/test_client_commands.py tests/property tests/system/*_pure.py tests/system/test_storm.py \
	tests/system/test_call_out.py tests/system/test_stillness.py tests/system/test_machines.py tests/system/test_machines_unseen.py \
	tests/system/test_presets_run.py

# None of these waits for anything.
coverage: WORKERS := 2
coverage: ## the tests of the pure core (domain, ftms) with branch coverage: 100 %
	@.ci/venv dev
	$(PYTEST) $(wildcard $(PURE)) --cov=retroctl.domain --cov=retroctl.ftms --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

# The same seed each time, so that green is repeatable; another one finds other things: make storm STORM_SEED=7
STORM_SEED ?= 1
STORM := $(BIN)/python -m simulators.storm --processes 2 --seed $(STORM_SEED)

storm: ## random sessions with faults, judged: 2,000 hours of the core, 50 of the whole program
	@.ci/venv dev
	$(STORM) --hours 2000
	$(STORM) --hours 50 --whole

storm-long: ## the same for 50,000 and 200 hours; two hours on two cores, goes on where it left off
	@.ci/venv dev
	$(STORM) --hours 50000 --parts 20 --keep build/storm-long
	$(STORM) --hours 200 --whole --parts 4 --keep build/storm-long

explore: ## every state of session and gate under every event, three in a row, over the real code: five minutes
	@.ci/venv dev
	$(BIN)/python tests/explore

mutants-tables: ## every row, number and word of the tables changed, one by one: a test must notice; goes on where it left off
	@.ci/venv dev
	$(BIN)/python tests/mutants --tables

mutants: ## every small change to domain and ftms: a test must notice; an hour or two, goes on where it left off
	@.ci/venv dev
	$(BIN)/python tests/mutants

bench: ## processor time of a 20-minute ladder: pure core, with the simulated machine, the whole program with bleak
	@.ci/venv dev
	$(BIN)/python tests/benchmarks/ladder.py

bench-history: ## a record of 10,000 half hours: how long the list and one session take, how large the file is; 2 minutes
	@.ci/venv dev
	$(BIN)/python tests/benchmarks/history.py

bench-exchange: ## a thousand workouts out and in again, whole and damaged; the time of exports; half a minute
	@.ci/venv dev
	$(BIN)/python tests/benchmarks/exchange.py

bench-fleet: ## 50 to 500 controllers on a broker, and the floor that shows them; needs mosquitto; 7 minutes
	@.ci/venv dev
	$(BIN)/python tests/benchmarks/fleet.py

bench-screens: ## screens, voice and keys of a real process: processor, memory, STOP key to Bluetooth; 15 minutes
	@.ci/venv dev
	$(BIN)/python tests/benchmarks/screens.py

bench-mqtt: ## how soon a Stop reaches Bluetooth beside brokers that work, hang, flood and restart; needs mosquitto; 11 minutes, goes on where it left off
	@.ci/venv dev
	$(BIN)/python tests/benchmarks/mqtt.py

bench-figures: ## decoding, STOP, start and cost, each beside a reference in the same run; JSON and a table; 10 minutes
	@.ci/venv dev
	@$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python tests/benchmarks/figures.py

kills: ## the program killed at every write point of the record and at 1,000 random moments, and in trouble; 20 minutes
	@.ci/venv dev
	$(BIN)/python tests/benchmarks/kills.py

fuzz: ## coverage-guided fuzzing of every reader of foreign bytes; what it finds is kept in tests/corpus; 10 minutes
	@.ci/venv dev
	@$(BIN)/python -m pip install --quiet --group fuzz
	$(BIN)/python tests/fuzz/fuzz.py

soak: ## a long session: does it grow, leak or lag? 8 hours at up to sixty times the rate, then 30 real minutes
	@.ci/venv dev
	$(BIN)/python tests/benchmarks/soak.py

bluez: ## real Bluetooth in a virtual machine; once before, as root: .ci/system-packages
	@.ci/venv dev
	RETROCTL_REQUIRE_SYSTEM_TIERS=1 $(BIN)/python -m pytest tests/bluez

wheel: ## the wheel, in dist/
	@.ci/venv dev
	$(BIN)/python -m build --wheel

wheel-test: ## builds the wheel, installs it in an empty environment outside the checkout, runs a session
	@.ci/venv dev
	$(BIN)/python .ci/try_wheel.py

clean: ## everything that can be made again, .venv included
	rm -rf .venv dist build .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find retroctl simulators tests .ci -name __pycache__ -type d -prune -exec rm -rf {} +
