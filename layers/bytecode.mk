# What ends the build of each layer: bytecode for all that is in it.
# A cold start that need not compile is faster. Only the same Python can compile for it. The hash variant is the same at
# every build, and is never checked against the source, where the default holds the time of the file. Bytecode must lie
# beside its source: PYTHONPYCACHEPREFIX would have it elsewhere.

NIGHTLATCH_LAYER_PYTHON ?= 3.13

define compile
	@for python in "python$(NIGHTLATCH_LAYER_PYTHON)" python3; do \
		if "$$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(NIGHTLATCH_LAYER_PYTHON)")' 2>/dev/null; then \
			exec env -u PYTHONPYCACHEPREFIX "$$python" -m compileall -q -j 0 --invalidation-mode unchecked-hash \
				-s "$(ARTIFACTS_DIR)/python" -p /opt/python "$(ARTIFACTS_DIR)/python"; \
		fi; \
	done; \
	echo "No Python $(NIGHTLATCH_LAYER_PYTHON) here: the layer goes without bytecode, and every cold start compiles it." >&2
endef
