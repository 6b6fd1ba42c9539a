# The store alone, over faults that the linker puts under it.
WRAPPED = fdatasync fsync write pwrite pwritev malloc calloc realloc \
	reallocarray
$(B)/fault/store_driver: $(B)/tests/fault/store_driver.o \
    $(B)/tests/fault/store_faults.o $(B)/libhelpers.a $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) $(WRAPPED:%=-Wl,--wrap=%) \
	    $(LIBS_helpers) $(LIBS_common)
$(B)/fault/kv_driver: $(B)/tests/fault/kv_driver.o $(B)/libhelpers.a \
    $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LIBS_helpers) $(LIBS_common)
$(B)/fault/clock_jump.so: tests/fault/clock_jump.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) -O2 -fPIC -shared -o $@ $< -ldl
fault-programs: $(B)/fault/store_driver $(B)/fault/kv_driver \
    $(B)/fault/clock_jump.so
# Clients that mean harm, in full numbers: a few minutes.
abuse: all
	RINGMAIL_ABUSE=1 RINGMAIL_BUILD=$(CURDIR)/$(B) /usr/bin/python3 -m pytest -q \
	    -s -p no:cacheprovider --rootdir=tests tests/fault/test_abuse.py
.PHONY: fault-programs abuse
