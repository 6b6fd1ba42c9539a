# Completion of mailctl(8) for bash.  What may follow is asked of mailctl itself;
# names of domains, users and aliases of the helpers, where root asks.

_mailctl_names()
{
	"${COMP_WORDS[0]}" "$1" list 2>/dev/null | sed 's/: .*//'
}

# The words that the usage of a command names, and for the first argument what
# there is.
_mailctl_arguments()
{
	local usage=$1 first=$2

	if [ "$first" = yes ]; then
		case $usage in
		*USER@DOMAIN*) _mailctl_names user ;;
		*ADDRESS*) _mailctl_names alias ;;
		*DOMAIN*) _mailctl_names domain ;;
		esac
	fi
	printf '%s\n' "$usage" | tr -c 'a-z|-' '\n' | tr '|' '\n' |
	    grep -E '^(--)?[a-z][a-z0-9]+$'
}

_mailctl()
{
	local word=${COMP_WORDS[COMP_CWORD]} commands noun='' verb='' usage=''
	local line words='' i at=1

	COMPREPLY=()
	while [ "$at" -lt "$COMP_CWORD" ]; do
		case ${COMP_WORDS[at]} in
		-c | -S) at=$((at + 2)) ;;
		-*) at=$((at + 1)) ;;
		*) break ;;
		esac
	done
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-c | -S)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	esac
	commands=$("${COMP_WORDS[0]}" --commands 2>/dev/null) || return
	i=$((COMP_CWORD - at))
	[ "$i" -gt 0 ] && noun=${COMP_WORDS[at]}
	[ "$i" -gt 1 ] && verb=${COMP_WORDS[at + 1]}
	if [ "$i" -eq 0 ]; then
		words=$(printf '%s\n' "$commands" | sed 's/[ 	].*//' | sort -u)
		words="$words --json -c -S -V"
	elif line=$(printf '%s\n' "$commands" | grep "^$noun	"); then
		words=$(_mailctl_arguments "${line#*	}" no)
	elif [ "$i" -eq 1 ]; then
		words=$(printf '%s\n' "$commands" |
		    sed -n "s/^$noun \([a-z-]*\)	.*/\1/p")
	elif line=$(printf '%s\n' "$commands" | grep "^$noun $verb	"); then
		usage=${line#*	}
		words=$(_mailctl_arguments "$usage" \
		    "$([ "$i" -eq 2 ] && echo yes)")
	fi
	mapfile -t COMPREPLY < <(
		compgen -W "$words" -- "$word"
		[[ $usage = *FILE* ]] && compgen -f -- "$word"
	)
	declare -F __ltrim_colon_completions >/dev/null &&
	    __ltrim_colon_completions "$word"
	return 0
}
complete -F _mailctl mailctl
