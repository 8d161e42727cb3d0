# Needs rustup, make, gcc, python3 and python3-venv; everything else is fetched, pinned, into $(CACHE).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CACHE ?= $(HOME)/.cache/gardefou
export GARDEFOU_CACHE := $(CACHE)
export CARGO_TARGET_DIR ?= $(CACHE)/target
HOST := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
# One target triple and one selection of packages for everything: aws-sdk-ec2 is built once.
CARGO := --workspace --exclude gardefou-benches --target $(HOST)
FUNCTIONS := $(foreach function,evaluate revert notify,--package gardefou-$(function)-function)
LAMBDA := PATH="$(CACHE)/venv-lambda/bin:$$PATH" cargo lambda build $(FUNCTIONS) --bins
# For the machine itself the machine's own linker will do, and shares what `cargo test` builds; zig is for what ships.
HERE := --compiler cargo --target $(HOST)
# What is deployed: x86_64, or aarch64 where the toolchain has that target (then PARAMETERS=Architecture=arm64).
ARCH ?= x86_64
CONFIG ?= gardefou.yaml
DENY := 0.20.2
PYTHON := $(CACHE)/venv-tools/bin/python

.PHONY: help setup functions demo test check generate bench package deploy audit fmt

help: ## What there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## The local AWS and the tools, pinned, in virtual environments
	@infra/local/setup.sh

functions: setup ## The functions, as tests and demo run them
	$(LAMBDA) $(HERE) --lambda-dir $(CARGO_TARGET_DIR)/lambda

demo: functions ## The main job, end to end on a local AWS
	@$(PYTHON) infra/local/demo.py --lambda-dir $(CARGO_TARGET_DIR)/lambda

test: functions ## Everything that must pass
	cargo test $(CARGO)
	$(PYTHON) -m pytest tests/end_to_end --lambda-dir $(CARGO_TARGET_DIR)/lambda

check: setup $(CACHE)/tools/bin/cargo-deny-$(DENY) ## Format, lints, licences, template, stale documents
	cargo fmt --all --check
	cargo clippy $(CARGO) --all-targets -- -D warnings
	cargo clippy --package gardefou-benches --target $(HOST) --all-targets -- -D warnings
	$(CACHE)/tools/bin/cargo-deny check bans licenses sources
	$(CACHE)/venv-tools/bin/cfn-lint infra/template.yaml
	cargo run --quiet --package gardefou --target $(HOST) -- check
	cargo run --quiet --package gardefou --target $(HOST) -- docs --check

generate: ## What is made of the rules: the template's event patterns, docs/rules/, docs/coverage.md
	cargo run --quiet --package gardefou --target $(HOST) -- compile event-patterns --write infra/template.yaml
	cargo run --quiet --package gardefou --target $(HOST) -- docs

$(CACHE)/tools/bin/cargo-deny-$(DENY):
	cargo install cargo-deny --locked --version $(DENY) --root $(CACHE)/tools
	touch $@

bench: package ## The figures of docs/numbers.md
	cargo bench --package gardefou-benches
	cargo test $(CARGO) --test exposure_oracle --test inverse -- --nocapture | grep '^figure'
	$(PYTHON) tests/end_to_end/cold.py --lambda-dir $(CARGO_TARGET_DIR)/ship --package-dir $(CARGO_TARGET_DIR)/package
	$(PYTHON) tests/end_to_end/latency.py --lambda-dir $(CARGO_TARGET_DIR)/ship

package: setup ## The zips that are deployed: CONFIG=gardefou.yaml ARCH=x86_64|aarch64
	cargo run --quiet --package gardefou --target $(HOST) -- check --config $(CONFIG)
	$(LAMBDA) --profile ship --target $(ARCH)-unknown-linux-gnu --lambda-dir $(CARGO_TARGET_DIR)/ship
	$(PYTHON) infra/package.py --lambda-dir $(CARGO_TARGET_DIR)/ship --config $(CONFIG) --out $(CARGO_TARGET_DIR)/package

deploy: package ## To AWS: STACK=gardefou REGION=eu-west-3 [PARAMETERS="Name=Value …"]
	infra/deploy.sh $(STACK) $(REGION) $(CARGO_TARGET_DIR)/package $(PARAMETERS)

audit: $(CACHE)/tools/bin/cargo-deny-$(DENY) ## Known vulnerabilities, where the advisory database can be reached
	$(CACHE)/tools/bin/cargo-deny check advisories

fmt:
	cargo fmt --all
