# make demo: on a machine with Python >= 3.11 and make, run every experiment and write results/report.html
# make test: run the test-suite

# The first Python >= 3.11 on the path; or say which: make demo PYTHON=/path/to/python
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
# Modules become bytecode when they are first imported, which most of those of the dependencies never are.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

.PHONY: demo test install-test clean

demo: .venv/installed
	$(BIN)/synfer reproduce --out results

# Two processes; compiled kernels are shared through their cache.
test: install-test
	$(BIN)/pytest --numprocesses 2 --dist worksteal

install-test: .venv/installed-test

# Editable, so that a change of the source needs no new install and compiled kernels are cached beside it.
.venv/installed: .venv/made pyproject.toml
	$(PIP) -e .
	@touch $@

.venv/installed-test: .venv/made pyproject.toml
	$(PIP) -e '.[test]'
	@touch $@ .venv/installed

.venv/made:
	@$(if $(PYTHON),:,echo 'synfer needs Python >= 3.11 and found none; install one, or say where: make PYTHON=/path/to/python' >&2; exit 1)
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("synfer needs Python >= 3.11, and $(PYTHON) is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	@touch $@

clean:
	rm -rf .venv results
