# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything these commands need is installed inside the clone, under .cache/; they want Python 3.11 or newer, git and make.

.DEFAULT_GOAL := help
.PHONY: help demo simulator test lint sanity unit integration docs bench fuzz matrix clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## play a real release against the simulator: set-up, release, nothing to do, a look ahead
	@tools/run demo

simulator: ## run the simulator with seed data until Ctrl-C, to rehearse playbooks (PORT=, PROFILE=hostile)
	@tools/run simulator --port $(or $(PORT),0) --profile $(or $(PROFILE),default)

test: ## every gate: sanity, all tests with coverage, all linters; says what failed and why
	@tools/run test

lint: ## the linters, type checks, licence and upload checks alone
	@tools/run lint

sanity: ## ansible-test sanity on the newest ansible-core alone (or CORE=2.19)
	@tools/run sanity $(if $(CORE),--core $(CORE))

unit: ## unit, property and AWX job tests alone
	@tools/run unit

integration: ## the integration targets alone (TARGETS="applivery_build ..." for some of them)
	@tools/run integration $(TARGETS)

docs: ## the documentation as a website, in docs/build
	@tools/run docs

bench: ## how long tasks and requests take on this machine
	@tools/run bench

fuzz: ## 100 000 random cases, a year of nights, and requests made from the contract (CASES=, SEED= to repeat)
	@tools/run fuzz $(if $(CASES),--cases $(CASES)) $(if $(SEED),--seed $(SEED))

matrix: ## sanity and tests on every supported ansible-core that a Python is found for (or CORE=2.19 PYTHON=3.12)
	@tools/run matrix $(if $(CORE),--core $(CORE)) $(if $(PYTHON),--python $(PYTHON))

clean: ## remove everything these commands made
	rm -rf .cache .venv docs/build tests/output
