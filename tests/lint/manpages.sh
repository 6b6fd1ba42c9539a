#!/bin/sh
# Man pages have no warnings, no flaws of style, and refer to pages of ours that
# there are; other pages need not be installed here.
. "$(dirname "$0")/files.sh"
pages=$(files '*.[1-8]')
said=$(
	echo "$pages" | xargs -r mandoc -T lint -W style 2>/dev/null |
		grep -v 'referenced manual not found'
	# shellcheck disable=SC2086 # no page has a blank in its name
	sed -n 's/^\.Xr \([^ ]*\) \([1-9]\).*/\1.\2/p' $pages | sort -u |
		while read -r page; do
			ours=$(echo "$pages" | grep -o "[^/]*\$" |
				grep -Fx "$page")
			like=$(echo "$pages" | grep -F "/${page%.*}.")
			[ -n "$ours" ] || [ -z "$like" ] ||
				echo "there is no page $page"
		done
)
[ -z "$said" ] || { echo "$said"; exit 1; }
