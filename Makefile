# The checks and chores of the project. `make check` is what CI checks, without the slow tests.
BIN := .venv/bin

.PHONY: install check lint test docs constraints

install:
	python3 -m venv .venv
	$(BIN)/pip install -c constraints.txt -e ".[dev]"

check: lint
	$(BIN)/python -m pytest -n 2 -q -m "not slow and not browser"

lint:
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

test:
	$(BIN)/python -m pytest -n 2

# Pages that follow from the code: the agent file, the commands, the diagnostics, what is not supported yet.
docs:
	$(BIN)/python -m docs.generate

# Needs uv. The pin of typer is explained in the file's first lines.
constraints:
	echo "typer==0.28.0" > build-typer.txt
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade \
	  --no-header --no-annotate -c build-typer.txt -o build-constraints.txt
	{ grep '^#' constraints.txt; grep -v '^httpx2-jsfetch' build-constraints.txt; } > build-pinned.txt
	mv build-pinned.txt constraints.txt
	rm build-typer.txt build-constraints.txt
