# libFuzzer targets, part of the Makefile: tests/fuzz/NAME.c over all that
# common, smtpd and pop3d hold, tests/fuzz/helpers_NAME.c over the helpers,
# tests/fuzz/mailctl_NAME.c over mailctl.
# What is found stays in build/fuzz/found/.

FUZZ_SECONDS ?= 60
FUZZ = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_BUILD = $(B)/fuzz
FUZZ_CHECKS = -fsanitize=address,undefined -fno-sanitize-recover=undefined

fuzz:
	@$(MAKE) -s -j2 B=$(FUZZ_BUILD) CC=clang CFLAGS="-O1 -g" \
	    EXTRA_CFLAGS="-fsanitize=fuzzer-no-link $(FUZZ_CHECKS)" \
	    $(FUZZ:%=$(FUZZ_BUILD)/target/%)
	@tests/fuzz/run.sh $(FUZZ_BUILD) $(FUZZ_SECONDS) $(FUZZ)
$(B)/target/helpers_%: $(B)/tests/fuzz/helpers_%.o $(B)/libhelpers.a \
    $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) -fsanitize=fuzzer $(LIBS_helpers) \
	    $(LIBS_common)
$(B)/target/mailctl_%: $(B)/tests/fuzz/mailctl_%.o $(B)/libmailctl.a \
    $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) -fsanitize=fuzzer $(LIBS_mailctl) \
	    $(LIBS_common)
$(B)/target/%: $(B)/tests/fuzz/%.o $(B)/libsmtpd.a $(B)/libpop3d.a \
    $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) -fsanitize=fuzzer $(LIBS_smtpd) \
	    $(LIBS_common)
# The running servers under random clients: an hour is FUZZ_SECONDS=3600.
fuzz-pop3d: all
	FUZZ_POP3D_SECONDS=$(FUZZ_SECONDS) RINGMAIL_BUILD=$(CURDIR)/$(B) \
	    /usr/bin/python3 -m pytest -q -p no:cacheprovider --rootdir=tests \
	    tests/system/test_pop3_fuzz.py
fuzz-smtpd: all
	FUZZ_SMTPD_SECONDS=$(FUZZ_SECONDS) RINGMAIL_BUILD=$(CURDIR)/$(B) \
	    /usr/bin/python3 -m pytest -q -s -p no:cacheprovider --rootdir=tests \
	    tests/system/test_smtp_fuzz.py
.PHONY: fuzz fuzz-pop3d fuzz-smtpd
