#!/bin/sh
# Man pages have no warnings.
. "$(dirname "$0")/files.sh"
files '*.[1-8]' | xargs -r mandoc -T lint -W warning
