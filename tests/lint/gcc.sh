#!/bin/sh
# All C compiles with gcc without a warning, unit tests included.
. "$(dirname "$0")/files.sh"
exec make -s -j2 B=build/gcc CC=gcc EXTRA_CFLAGS=-Werror objects
