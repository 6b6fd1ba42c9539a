#!/bin/sh
# clang-tidy, with the checks of .clang-tidy, of what changed since last time.
# TIDY=glance: without its static analyzer, and without the tests.
. "$(dirname "$0")/files.sh"
[ "$TIDY" != glance ] ||
	exec make -s -j2 -k B=build/glance CC=clang EXTRA_CFLAGS=-Werror \
		CFLAGS=-O0 glance
exec make -s -j2 -k B=build/clang CC=clang EXTRA_CFLAGS=-Werror tidy
