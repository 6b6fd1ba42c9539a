#!/bin/sh
# All C compiles with clang without a warning, unit tests included.
. "$(dirname "$0")/files.sh"
exec make -s -j2 B=build/clang CC=clang EXTRA_CFLAGS=-Werror objects
