#!/bin/sh
# C is laid out as .clang-format says.
. "$(dirname "$0")/files.sh"
files '*.c' '*.h' | xargs -r clang-format --dry-run -Werror
