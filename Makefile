# Needs rustup, make, gcc, python3 and python3-venv; everything else is fetched, pinned, into $(CACHE).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CACHE ?= $(HOME)/.cache/gardefou
export GARDEFOU_CACHE := $(CACHE)
export CARGO_TARGET_DIR ?= $(CACHE)/target
HOST := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
# One target triple and one selection of packages for everything: aws-sdk-ec2 is built once.
CARGO := --workspace --exclude gardefou-benches --exclude gardefou-fuzz --target $(HOST)
FUNCTIONS := $(foreach function,evaluate revert notify sweep,--package gardefou-$(function)-function)
LAMBDA := PATH="$(CACHE)/venv-lambda/bin:$$PATH" cargo lambda build $(FUNCTIONS) --bins
# For the machine itself the machine's own linker will do, and shares what `cargo test` builds; zig is for what ships.
HERE := --compiler cargo --target $(HOST)
# What is deployed: x86_64, or aarch64 where the toolchain has that target (then PARAMETERS=Architecture=arm64).
ARCH ?= x86_64
CONFIG ?= gardefou.yaml
DENY := 0.20.2
MUTANTS := 27.1.0
# The long fuzzing run: so many seconds a target, guided by coverage.
FUZZ_SECONDS ?= 60
FUZZ_FLAGS := --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Ccodegen-units=1 -Cdebug-assertions
PYTHON := $(CACHE)/venv-tools/bin/python

.PHONY: help setup functions demo test check generate bench package deploy audit fmt fuzz model mutants sim soak

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
	cargo build --package gardefou --target $(HOST)
	$(MAKE) --no-print-directory sim
	$(MAKE) --no-print-directory sim PLANTED=1
	$(PYTHON) -m pytest tests/end_to_end --lambda-dir $(CARGO_TARGET_DIR)/lambda
	$(PYTHON) -m pytest tests/soak --lambda-dir $(CARGO_TARGET_DIR)/lambda

check: setup $(CACHE)/tools/bin/cargo-deny-$(DENY) ## Format, lints, licences, template, stale documents
	cargo fmt --all --check
	cargo clippy $(CARGO) --all-targets -- -D warnings
	cargo clippy --package gardefou-benches --target $(HOST) --all-targets -- -D warnings
	$(CACHE)/tools/bin/cargo-deny check bans licenses sources
	$(CACHE)/venv-tools/bin/cfn-lint infra/template.yaml infra/member.yaml
	cargo run --quiet --package gardefou --target $(HOST) -- check
	cargo run --quiet --package gardefou --target $(HOST) -- docs --check
	cargo test --quiet --package gardefou-fuzz --target $(HOST)

generate: ## What is made of the rules: the template's event patterns, docs/rules/, docs/coverage.md
	cargo run --quiet --package gardefou --target $(HOST) -- compile event-patterns --write infra/template.yaml
	cargo run --quiet --package gardefou --target $(HOST) -- docs

$(CACHE)/tools/bin/cargo-deny-$(DENY):
	cargo install cargo-deny --locked --version $(DENY) --root $(CACHE)/tools
	touch $@

soak: functions ## Ten thousand events through faults and killed functions; twenty minutes
	$(PYTHON) tests/soak/lost_table.py --lambda-dir $(CARGO_TARGET_DIR)/lambda
	$(PYTHON) tests/soak/soak.py --lambda-dir $(CARGO_TARGET_DIR)/lambda

SEEDS ?= 0..2000
sim: ## The handlers over a simulated AWS: SEEDS=FROM..TO [TRACE=1] [PLANTED=1]
	cargo run --release --quiet --package gardefou-sim --target $(HOST) $(if $(PLANTED),--features planted) --bin sim -- \
	  --seeds $(SEEDS) $(if $(TRACE),--trace) $(if $(PLANTED),--planted)

model: ## The long variants of the protocol model
	cargo test --package gardefou-model --test protocol -- --ignored --nocapture

fuzz: ## Each fuzz target for FUZZ_SECONDS=60, guided by coverage; needs a C++ compiler
	RUSTFLAGS="$(FUZZ_FLAGS)" CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)/fuzz \
	  cargo build --release --package gardefou-fuzz --features guided --bins --target $(HOST)
	for target in record envelope file rules config; do \
	  mkdir -p $(CACHE)/corpus/$$target; \
	  CARGO_MANIFEST_DIR=$(CURDIR)/tests/fuzz $(CARGO_TARGET_DIR)/fuzz/$(HOST)/release/fuzz-$$target \
	    -max_total_time=$(FUZZ_SECONDS) -timeout=20 -max_len=65536 \
	    -artifact_prefix=$(CARGO_TARGET_DIR)/fuzz/ $(CACHE)/corpus/$$target; \
	done

$(CACHE)/tools/bin/cargo-mutants-$(MUTANTS):
	cargo install cargo-mutants --locked --version $(MUTANTS) --root $(CACHE)/tools
	touch $@

mutants: $(CACHE)/tools/bin/cargo-mutants-$(MUTANTS) ## Are faults in what decides seen by the tests? An hour
	PATH="$(CACHE)/tools/bin:$$PATH" cargo mutants --jobs 1 -p gardefou-model -p gardefou-revert -p gardefou-trail \
	  -p gardefou-engine -o $(CARGO_TARGET_DIR)/mutants || true
	PATH="$(CACHE)/tools/bin:$$PATH" cargo mutants --jobs 1 -p gardefou-aws --cargo-test-arg=--lib \
	  -o $(CARGO_TARGET_DIR)/mutants-aws || true

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
