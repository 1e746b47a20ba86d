# `make` alone says what can be done. Everything runs from a private virtual environment in .venv, made once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCALE ?= 0.05
STAMP := $(VENV)/.stamp

.DEFAULT_GOAL := help
.PHONY: help setup demo test check faults conformance bench bench-matching safeguards lock clean picture screenshots docs console browser-test
.PHONY: matching-pictures after-pictures fuzz

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | while IFS="$$(printf '\t')" read -r t d; do printf '  make %-16s %s\n' "$$t" "$$d"; done

$(STAMP): pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Portcullis needs Python 3.11 or newer; say which with PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(STAMP)  ## install everything into .venv

demo: $(STAMP)  ## the whole journey and the June 2025 replay on synthetic data, then verify the evidence
	@rm -rf demo
	$(BIN)/portcullis demo --scale $(SCALE) --home demo/home --bundle demo/bundle
	$(BIN)/python verifier/verify.py demo/bundle --trust demo/bundle.trust.json

console: $(STAMP)  ## open the console on synthetic batches that wait for people (http://localhost:8080)
	@test -d demo/office || $(BIN)/portcullis demo --office --home demo/office
	@$(BIN)/portcullis worker --home demo/office & trap "kill $$!" EXIT; \
	  echo "Open http://localhost:8080 and choose one of eight demo people. Ctrl-C ends it."; $(BIN)/portcullis serve --home demo/office --port 8080

browser-test: $(STAMP)  ## the console in real Chromium (Debian packages chromium, chromium-driver)
	$(BIN)/python -m pytest tests/browser -m browser

test: $(STAMP)  ## the tests; prints what was skipped and why
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not faults"

check: $(STAMP)  ## format, lint, types, layers, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

bench: $(STAMP)  ## measure everything in docs/measurements.md (long); QUICK=1 for a small scale
	$(BIN)/python benchmarks/run_all.py $(if $(QUICK),--quick)

bench-matching: $(STAMP)  ## the table of matching figures
	$(BIN)/python benchmarks/matching.py
	$(BIN)/python benchmarks/matching_scale.py --scale $(SCALE)

safeguards: $(STAMP)  ## take out each safeguard and see its test fail; writes docs/safeguards.md
	$(BIN)/python tests/without.py

docs: $(STAMP)  ## write the generated parts of docs/ anew
	$(BIN)/python docs/generate.py

screenshots: $(STAMP)  ## take the pictures of the console for the documentation (needs Chromium)
	$(BIN)/python docs/screenshots.py

picture: $(STAMP)  ## draw the replay for README
	$(BIN)/portcullis replay june-2025 --scale $(SCALE) --picture docs/pictures/replay.svg

after-pictures: $(STAMP)  ## play the story of 2025-26 and keep the pictures its commands draw, for docs/7-after.md
	PORTCULLIS_PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/journey/test_story_2025_26.py

matching-pictures: $(STAMP)  ## draw the frontier, the reliability and a waterfall for docs/4-matching.md
	$(BIN)/portcullis match evaluate --register examples/pseudopeople/register --requests examples/pseudopeople/requests.parquet \
	  --truth examples/pseudopeople/truth.parquet --pictures $(VENV)/pictures
	for name in frontier reliability; do cp $(VENV)/pictures/$$name.svg docs/pictures/matching-$$name.svg; done
	$(BIN)/portcullis match explain --register examples/small/register --requests examples/small/clean.csv --request CLEAN-0000001 \
	  --person P00000186 --picture docs/pictures/matching-waterfall.svg

faults: $(STAMP)  ## kills at random instants, stays under load (longer)
	$(BIN)/python -m pytest -m faults -x

fuzz: $(STAMP) $(VENV)/fuzz/.stamp  ## schemathesis against a gateway on loopback: no answer that docs/openapi.json does not know
	$(BIN)/python tests/api_fuzz.py $(VENV)/fuzz/bin/schemathesis $(if $(EXAMPLES),--examples $(EXAMPLES))

$(VENV)/fuzz/.stamp: requirements/fuzz.txt $(STAMP)
	$(PYTHON) -m venv $(VENV)/fuzz
	$(VENV)/fuzz/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	@touch $@

conformance: $(STAMP)  ## every rule on every engine for at least 10,000 generated requests a stage (a quarter of an hour)
	$(BIN)/python benchmarks/conformance.py

tamper: $(STAMP)  ## damage a demonstration's evidence in every way, and see each caught, in words
	$(BIN)/python tests/tamper.py

lock: $(STAMP)  ## write requirements/ anew (hashes, no download addresses)
	./requirements/lock.sh

clean:  ## remove the environment and the demo
	rm -rf $(VENV) demo
