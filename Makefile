# People and CI call the same scripts. Everything here starts from git, Python 3.11 and make alone.
PYTEST_WORKERS ?= 2

.PHONY: help demo test test-inference check bench score web wheel clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: ## set up and read the example studies, offline
	@scripts/install demo
	@.venv/bin/wetread demo --out out/demo

test: ## set up and run the tests
	@scripts/install dev
	@scripts/install-fakes
	@PYTHON=.venv/bin/python scripts/build-web || [ "$$CI" != true ]
	@.venv/bin/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal $(PYTEST_ARGS)

test-inference: ## set up an inference server and run the tests that ask it
	@scripts/install dev
	@scripts/install-inference
	@.venv/bin/python -m pytest tests/inference $(PYTEST_ARGS)

check: ## lint, types, import contracts, docs, examples
	@scripts/install dev
	@scripts/check

bench: ## print the ratio table of docs/explanation/speed.md
	@scripts/install dev
	@.venv/bin/python benchmarks/run.py

score: ## score the embedded reader on the held-out films (needs ../shared/data)
	@scripts/install dev
	@.venv/bin/python training/score_product.py

web: ## build the pages (needs node)
	@scripts/install dev
	@PYTHON=.venv/bin/python scripts/build-web

wheel: ## build the wheel and try it in a fresh environment
	@scripts/install dev
	@scripts/check-wheel

clean: ## remove the environment and everything generated
	rm -rf src/wetread/server/pages web/node_modules .venv .venv-inference build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
