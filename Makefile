# ringmail -- make targets
#
#   make              build smtpd, pop3d, helpers and mailctl into build/
#   sudo make run     set all up on loopback, send a mail, fetch it, stay up
#   sudo make test    all tests (under 30 minutes)
#   make unit         unit tests only
#   make lint         warnings as errors with gcc and clang, clang-tidy, format,
#                     layers, lengths, man pages
#   make asan|ubsan|tsan|memcheck   tests under one checker
#   make system, make clients       tests over the real processes (as root)
#   make talk         conversations with them (tests/talk)
#   make fault        power cuts, kills, faults and damage (as root)
#   make fault-long   ten times as many of them
#   make abuse        ten thousand slow senders, a million commands and so on
#   make stress       the client core under random load (STRESS_SECONDS=60)
#   make helgrind     the same under Helgrind; make stress-all: under each checker
#   make model        the ring protocol's model under spin
#   make portable     the core with each of its switches, aarch64 emulated
#   make planted      faults planted into the core, each to be caught
#   make gdb          common/gdb.py on a program with parked fibers
#   make examples     the programs of ring(3) and fiber(3)
#   make bench        measurements (see docs/performance.md): bench-core,
#                     bench-meter, bench-store (on STORE=folder), bench-tls
#   make bench-vm     idle clients, up to 50,000, in a virtual machine
#   make fuzz         fuzzing for FUZZ_SECONDS (60) a target
#   make fuzz-pop3d   random clients on a running pop3d (as root); fuzz-smtpd:
#                     on a running smtpd
#   make install      into DESTDIR$(prefix); conf files that are there stay
#   make deb          a Debian package, into build/deb
#   make deb-test     that package in a fresh Debian (as root)
#   make root-test    make run and make test in a fresh Debian (as root)
#   make uninstall    removes what install laid down, but the conf
#   make clean, make help
#
# Variables: CC, CFLAGS, prefix (/usr/local), DESTDIR, B (build folder).

CC ?= cc
prefix ?= /usr/local
sysconfdir ?= /etc/ringmail
sbindir = $(prefix)/sbin
libexecdir = $(prefix)/libexec/ringmail
unitdir ?= $(prefix)/lib/systemd/system
mandir = $(prefix)/share/man
sharedir = $(prefix)/share/ringmail
completiondir = $(prefix)/share/bash-completion/completions
B ?= build
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE \
	-fno-strict-aliasing
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE $(WARN) $(HARDEN) -pthread -iquote common \
	$(CFLAGS) $(EXTRA_CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -pthread $(LDFLAGS) $(EXTRA_CFLAGS)
VERSION = 0.1.0

PROGRAMS = smtpd pop3d helpers mailctl
LIBS_common = -Wl,--as-needed -lssl -lcrypto -lconfuse -lcap -lseccomp
LIBS_smtpd = -lidn2
LIBS_mailctl = -larchive
LIBS_helpers = -ldb-5.3 -lunbound -lcrypt -lcrypto -lgsasl -largon2 -lcjose \
	-ljansson -lpam

all: $(PROGRAMS:%=$(B)/bin/%)

objects = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)/*.c)) \
	$(patsubst %.S,$(B)/%.o,$(wildcard $(1)/*.S))

$(B)/libcommon.a: $(call objects,common)
	rm -f $@ && ar rcs $@ $^

# A program is its main.c and a library of the rest, which unit tests link too.
define program
$(B)/lib$(1).a: $(filter-out $(B)/$(1)/main.o,$(call objects,$(1)))
	rm -f $$@ && ar rcs $$@ $$^
$(B)/bin/$(1): $(B)/$(1)/main.o $(B)/lib$(1).a $(B)/libcommon.a
	@mkdir -p $$(@D)
	$$(CC) -o $$@ $$^ $$(ALL_LDFLAGS) $$(LIBS_$(1)) $$(LIBS_common)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

# tests/unit/AREA_MODULE.c tests AREA/MODULE.c with cmocka.
UNIT = $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
area = $(firstword $(subst _, ,$(1)))
.SECONDEXPANSION:
$(B)/unit/%: $(B)/tests/unit/%.o \
    $$(if $$(filter-out common,$$(call area,$$*)),$(B)/lib$$(call area,$$*).a) \
    $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) -lcmocka $(LIBS_$(call area,$*)) \
	    $(LIBS_common)

unit: $(UNIT)
	@for t in $(UNIT); do echo "== $$t"; $(RUNNER) $$t || exit 1; done

include tests/core/core.mk
include tests/fault/fault.mk
include tests/fuzz/fuzz.mk

# What lint compiles and reads.
SOURCES = $(wildcard $(PROGRAMS:%=%/*.c) common/*.c tests/unit/*.c \
    tests/core/*.c tests/examples/*.c tests/fault/*.c)
objects: $(SOURCES:%.c=$(B)/%.o)
# The static analyzer at its full depth takes minutes: make test has it so, and
# make lint, which one waits for, follows paths of a function alone.
tidy: $(SOURCES:%.c=$(B)/%.tidy)
glance: $(patsubst %.c,$(B)/%.glance,$(filter-out tests/%,$(SOURCES)))
$(B)/%.glance: TIDY_CHECKS = --checks=-clang-analyzer-*
$(B)/%.tidy $(B)/%.glance: $(B)/%.o .clang-tidy
	clang-tidy --quiet $(TIDY_CHECKS) $*.c -- $(ALL_CFLAGS) \
	    -DVERSION='""' 2>/dev/null
	@touch $@

# tests/run.py has one step for each of these.
lint:
	@tools/setup.sh build test
	@TIDY=glance tests/run.py lint
system talk clients fault fault-long asan ubsan tsan memcheck:
	@tools/setup.sh build run test browser\?
	@tests/run.py $@
test:
	@tools/setup.sh build run test browser\?
	@tests/run.py all
run:
	@tools/setup.sh build run
	@$(MAKE) -s -j$$(nproc) all
	@tools/run.sh $(B)

# The benchmarks' own programs, beside their peers.
$(B)/tests/bench/%.o: tests/bench/%.cpp
	@mkdir -p $(@D)
	$(CXX) -Wall -Wextra -fPIE -O2 -g -MMD -MP -c -o $@ $<
$(B)/bench/core: $(B)/tests/bench/core.o $(B)/tests/bench/core_helper.o \
    $(B)/tests/bench/core_boost.o $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CXX) -o $@ $^ $(ALL_LDFLAGS) -lst -lboost_context $(LIBS_common)
$(B)/bench/clients: $(B)/tests/bench/clients.o
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS)
$(B)/bench/users: $(B)/tests/bench/users.o $(B)/libhelpers.a \
    $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LIBS_helpers) $(LIBS_common)
$(B)/bench/store: $(B)/tests/bench/store.o $(B)/libhelpers.a \
    $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LIBS_helpers) $(LIBS_common)
$(B)/bench/meter: $(B)/tests/bench/meter.o $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LIBS_common)
$(B)/bench/tls_load: $(B)/tests/bench/tls_load.o \
    $(B)/tests/bench/tls_load_base.o $(B)/tests/bench/tls_load_plain.o
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(ALL_LDFLAGS) -lssl -lcrypto
bench-tls:
	@tools/setup.sh build run test bench
	@$(MAKE) -s all $(B)/bench/tls_load
	@tests/bench/tls.py $(B) $(BENCH)
bench: bench-core bench-meter bench-store bench-tls
bench-meter:
	@tools/setup.sh build
	@$(MAKE) -s $(B)/bench/meter
	@$(B)/bench/meter $(BENCH)
bench-core:
	@tools/setup.sh build run bench
	@$(MAKE) -s all $(B)/bench/core $(B)/bench/clients $(B)/bench/users
	@tests/bench/core.py $(B) $(BENCH)
# More clients than a process of this machine may have: see tests/bench/vm.py.
VM = --smtp 10000 --smtp 50000 --pop3 10000 --pop3 50000 --turns 0
bench-vm:
	@tools/setup.sh build run bench
	@$(MAKE) -s all $(B)/bench/clients $(B)/bench/users
	@tests/bench/vm.py $(VM_OPTIONS) $(B) \
	    tests/bench/core.py --only clients $(VM) $(BENCH) build
# STORE: where it makes a folder, on the file system that is meant.
STORE ?= $(B)/bench
bench-store:
	@tools/setup.sh build run bench
	@$(MAKE) -s $(B)/bench/store
	@d=$$(mktemp -d $(STORE)/store.XXXXXX) && \
	    $(B)/bench/store $$d $(BENCH) && rm -rf $$d

MANUALS = $(wildcard $(foreach n,1 5 8,$(PROGRAMS:%=%/*.$(n))))
install: all
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(libexecdir) \
	    $(DESTDIR)$(sysconfdir) $(DESTDIR)$(unitdir)
	install $(B)/bin/mailctl $(DESTDIR)$(sbindir)
	install $(B)/bin/helpers $(B)/bin/smtpd $(B)/bin/pop3d \
	    $(DESTDIR)$(libexecdir)
	install -d $(DESTDIR)$(completiondir)
	install -m 644 etc/mailctl.bash $(DESTDIR)$(completiondir)/mailctl
	@for m in $(MANUALS); do \
	    d=$(DESTDIR)$(mandir)/man$${m##*.}; \
	    echo install -m 644 $$m $$d; \
	    install -d $$d && install -m 644 $$m $$d || exit 1; done
	install -d $(DESTDIR)$(sharedir)
	install -m 644 etc/prometheus/ringmail.rules.yml etc/grafana/ringmail.json \
	    $(DESTDIR)$(sharedir)
	sed 's|^programs=.*|programs=$(libexecdir)|; s|^conf=.*|conf=$(sysconfdir)|' \
	    etc/ringmail.init >$(DESTDIR)$(sharedir)/ringmail.init
	chmod 755 $(DESTDIR)$(sharedir)/ringmail.init
	@for c in etc/*.conf; do \
	    to=$(DESTDIR)$(sysconfdir)/$${c#etc/}; \
	    if [ -e $$to ]; then echo "kept $$to"; \
	    else echo install -m 644 $$c $$to; \
	        install -m 644 $$c $$to || exit 1; fi; done
	@for u in etc/*.service etc/*.socket; do \
	    echo install -m 644 $$u $(DESTDIR)$(unitdir); \
	    sed 's|@libexecdir@|$(libexecdir)|; s|@sysconfdir@|$(sysconfdir)|' \
	        $$u >$(DESTDIR)$(unitdir)/$${u#etc/} || exit 1; done

# The package, in build/deb; and what becomes of it in a fresh Debian (as root,
# minutes, with a mirror of Debian at hand; DEB_ROOT: one made before).
deb:
	@tools/setup.sh build deb
	rm -rf build/deb && mkdir -p build/deb/ringmail
	tar --exclude=./build --exclude=./.git -cf - . | \
	    tar -C build/deb/ringmail -xf -
	cd build/deb/ringmail && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
	    dpkg-buildpackage -b -us -uc
deb-test: deb
	@tools/setup.sh deb
	tests/deb/test.sh build/deb/ringmail_*.deb $(DEB_ROOT)
# README.md's two commands there; WHOLE=1: all of the second.
root-test:
	@tools/setup.sh deb
	tests/deb/readme.sh $(DEB_ROOT)
uninstall:
	rm -f $(DESTDIR)$(sbindir)/mailctl $(DESTDIR)$(completiondir)/mailctl
	rm -rf $(DESTDIR)$(libexecdir) $(DESTDIR)$(sharedir)
	@for m in $(MANUALS); do \
	    rm -f $(DESTDIR)$(mandir)/man$${m##*.}/$${m##*/}; done
	@for u in etc/*.service etc/*.socket; do rm -f $(DESTDIR)$(unitdir)/$${u#etc/}; done

# Objects know of Valgrind where its header is there, of which no .d file tells:
# once it is installed, as "make test" does after "make run", all are made anew.
VALGRIND = $(B)/$(if $(wildcard \
    /usr/include/valgrind/valgrind.h),with,without)-valgrind
$(shell [ -e $(VALGRIND) ] || { mkdir -p $(B) && \
    rm -f $(B)/with-valgrind $(B)/without-valgrind && touch $(VALGRIND); })
$(B)/%.o: %.c $(VALGRIND)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -DVERSION='"$(VERSION)"' -MMD -MP -c -o $@ $<
$(B)/%.o: %.S
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(wildcard $(patsubst %,$(B)/%/*.d,common $(PROGRAMS) \
    tests/unit tests/core tests/examples tests/bench tests/fuzz tests/fault))

clean:
	rm -rf build
help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed '/^A program/,$$d'
.PHONY: all deb deb-test root-test unit objects tidy glance lint system talk clients fault fault-long asan ubsan \
    tsan memcheck test run bench bench-core \
    bench-meter bench-store bench-tls bench-vm install uninstall clean help
.SECONDARY:
