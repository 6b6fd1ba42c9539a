# Proofs of the client core, part of the Makefile.  Each prints a line a check
# and "N passed, N failed" at the end.

STRESS_SECONDS ?= 60
STRESS_LATE ?= 10

# The core alone: what the tests below are about.
CORE := $(shell cat tests/core/modules)
$(B)/libcore.a: $(CORE:%=$(B)/common/%.o) $(B)/tests/core/no_tls.o \
    $(patsubst %.S,$(B)/%.o,$(wildcard common/*.S))
	rm -f $@ && ar rcs $@ $^

# tests/core/NAME.c with its parts NAME_*.c, and tests/examples/NAME.c.
core_parts = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)*.c))
$(B)/core/%: $$(call core_parts,tests/core/$$*) $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS)
$(B)/examples/%: $(B)/tests/examples/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS)

# Random load under RUNNER; the seed is printed, SEED=N takes it again.
stress: $(B)/core/stress
	@$(RUNNER) $(B)/core/stress $(SEED:%=-s %) -l $(STRESS_LATE) \
	    $(STRESS_SECONDS)
stress-all:
	@STRESS_SECONDS=$(STRESS_SECONDS) tests/run.py stress
helgrind:
	@$(MAKE) -s B=$(B)/helgrind CFLAGS="-O1 -g" \
	    EXTRA_CFLAGS=-DSANITIZE_HELGRIND $(B)/helgrind/core/stress
	@valgrind -q --tool=helgrind --error-exitcode=99 --fair-sched=yes \
	    --history-level=approx $(B)/helgrind/core/stress \
	    $(SEED:%=-s %) -l 120 $(STRESS_SECONDS)
portable:
	@tests/core/portable.sh $(B)/portable
planted:
	@tests/core/planted.sh $(B)
gdb: $(B)/core/parked
	@tests/core/gdb.sh $(B)/core/parked
examples: $(B)/examples/ring $(B)/examples/fiber
	@tests/examples/check.py $(B)/examples
model:
	@tests/model/check.sh tests/model/ring.pml $(B)/model
.PHONY: stress stress-all helgrind portable planted gdb examples model
