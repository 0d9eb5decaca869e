# Everything is done through these targets; `make help` lists them. Only Python 3.11+ and git have to be there: the rest
# comes from lock files. MOORING_PYTHON names another Python, MOORING_CACHE another place for built tools.

PYTHON := $(or $(MOORING_PYTHON),python3)
WORKERS ?= 2
ARGS ?=
REGION := eu-central-1

.DEFAULT_GOAL := help
.PHONY: help venv sam tools dashboard demo up test check lock bench

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 12

venv: ## the environment that everything runs in (.venv)
	@$(PYTHON) -m local.bootstrap .venv requirements/dev.txt --checkout

sam: ## AWS SAM and cfn-lint, in an environment of their own (.venv-sam)
	@$(PYTHON) -m local.bootstrap .venv-sam requirements/sam.txt

tools: venv ## Kubernetes parts and renderers: found on this machine, or built once
	@.venv/bin/python -m local tools

dashboard: venv ## build the dashboard for the function api, as `sam build` wants it
	@.venv/bin/python -m local dashboard

demo: venv ## play the story on real parts; KEEP=1 leaves it running
	@.venv/bin/python -m local demo $(if $(KEEP),--keep) $(ARGS)

up: venv ## start the stack and stay; ARGS="--kubeconfig F --sweep SECONDS"
	@.venv/bin/python -m local up $(ARGS)

test: venv sam ## all tests; ARGS goes to pytest
	@.venv/bin/python -m local tools --tests
	@.venv/bin/python -m local dashboard
	.venv/bin/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: venv sam ## format, lint, types, imports, template
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy -p mooring -p mooring_cli -p local
	.venv/bin/lint-imports
	.venv/bin/python -m local dashboard --check
	.venv-sam/bin/cfn-lint template.yaml dashboard/cloudfront.yaml
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$(REGION) .venv-sam/bin/sam validate --lint

bench: venv tools ## measure; ARGS goes to the benchmark
	.venv/bin/python -m bench $(ARGS)

COMPILE = .local/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" $(UPGRADE)

lock: ## write the lock files anew; UPGRADE=--upgrade takes newer versions
	@$(PYTHON) -m local.bootstrap .local/lock requirements/lock.txt
	$(COMPILE) layers/python/requirements.in -o layers/python/requirements.txt
	$(COMPILE) -c layers/python/requirements.txt requirements/dev.in -o requirements/dev.txt
	$(COMPILE) --no-annotate -c requirements/dev.txt functions/sync/requirements.in -o functions/sync/requirements.txt \
		$$(sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' layers/python/requirements.txt)
	$(COMPILE) requirements/sam.in -o requirements/sam.txt
	$(COMPILE) requirements/go.in -o requirements/go.txt
	$(COMPILE) requirements/node.in -o requirements/node.txt
	$(COMPILE) requirements/lock.in -o requirements/lock.txt
