#!/bin/sh
# Man pages have no warnings, and no flaws of style but references to pages that
# are not installed here.
. "$(dirname "$0")/files.sh"
said=$(files '*.[1-8]' | xargs -r mandoc -T lint -W style 2>/dev/null |
	grep -v 'referenced manual not found')
[ -z "$said" ] || { echo "$said"; exit 1; }
