# What the layers have in common that hold packages of others. The two variables choose another machine than the
# template's default (arm64, Python 3.13); they must fit its parameters Architecture and PythonRuntime.

include ../bytecode.mk

NIGHTLATCH_LAYER_PLATFORM ?= aarch64-manylinux_2_28

UV := $(shell command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1 && echo uv || echo python3 -m uv)

# Scripts and notes for installers are never read in Lambda. The versions in *.dist-info/METADATA are, and licences belong
# to what they are of.
define install
	$(UV) pip install --quiet --link-mode copy --target "$(ARTIFACTS_DIR)/python" \
		--python-version "$(NIGHTLATCH_LAYER_PYTHON)" --python-platform "$(NIGHTLATCH_LAYER_PLATFORM)" \
		--only-binary :all: --require-hashes -r requirements.txt
	rm -rf "$(ARTIFACTS_DIR)/python/bin" "$(ARTIFACTS_DIR)/python/.lock"
	find "$(ARTIFACTS_DIR)/python" -path '*.dist-info/*' -type f ! -name METADATA ! -iname 'LICEN*' -delete
	find "$(ARTIFACTS_DIR)/python" -type d -name __pycache__ -prune -exec rm -rf {} +
endef

.PHONY: requirements print-requirements

# After a change of the dependencies: make --directory layers/<layer> requirements
requirements:
	$(MAKE) --silent --no-print-directory print-requirements > requirements.new && mv requirements.new requirements.txt

print-requirements:
	@echo "# Exported from uv.lock by: make --directory layers/$(notdir $(CURDIR)) requirements"
	@$(UV) export --quiet --project ../.. --frozen $(EXPORTED) --no-emit-project --no-annotate --no-header \
		--format requirements-txt
