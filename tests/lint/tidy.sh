#!/bin/sh
# clang-tidy, with the checks of .clang-tidy, of what changed since last time.
# TIDY=glance: without following calls.
. "$(dirname "$0")/files.sh"
exec make -s -j2 -k B=build/clang CC=clang EXTRA_CFLAGS=-Werror "${TIDY:-tidy}"
