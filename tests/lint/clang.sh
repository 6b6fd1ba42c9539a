#!/bin/sh
# All C compiles with clang without a warning, unit tests included.
. "$(dirname "$0")/files.sh"
# TIDY=glance: without optimizing, for tidy.sh.
[ "$TIDY" != glance ] ||
	exec make -s -j2 B=build/glance CC=clang EXTRA_CFLAGS=-Werror \
		CFLAGS=-O0 objects
exec make -s -j2 B=build/clang CC=clang EXTRA_CFLAGS=-Werror objects
