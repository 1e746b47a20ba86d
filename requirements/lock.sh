#!/bin/sh
# Resolves pyproject.toml into hash-pinned lists without download addresses.
# --exclude-newer leaves out what was published in the last days, so that a bad release has time to be found.
set -eu
cd "$(dirname "$0")/.."
before=${EXCLUDE_NEWER:-$(date -u -d '7 days ago' +%Y-%m-%d 2>/dev/null || date -u -v-7d +%Y-%m-%d)}
common="--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --exclude-newer $before --quiet"
uv pip compile $common --extra postgresql pyproject.toml -o requirements/run.txt
uv pip compile $common --extra postgresql --group dev pyproject.toml requirements/build.in -o requirements/dev.txt
uv pip compile $common -c requirements/dev.txt requirements/benchmarks.in -o requirements/benchmarks.txt
uv pip compile $common -c requirements/dev.txt requirements/fuzz.in -o requirements/fuzz.txt
