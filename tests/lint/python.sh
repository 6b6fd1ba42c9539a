#!/bin/sh
# Python compiles and is clean under pyflakes.
. "$(dirname "$0")/files.sh"
files '*.py' | xargs pyflakes3
