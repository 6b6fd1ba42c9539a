# Completion of mailctl(8) for bash.  What may follow is asked of mailctl itself;
# names of domains, users and aliases of the helpers, where root asks.

_mailctl_names()
{
	"${COMP_WORDS[0]}" "$1" list 2>/dev/null | sed 's/: .*//'
}

# The words that the usage of a command names, and where no name was given yet,
# what there is.
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
	    grep -E '^(--)?[a-z][a-z-]+$'
}

# The first words of commands, or those behind such a one.
_mailctl_first()
{
	printf '%s\n' "$1" | sed 's/[ 	].*//' | sort -u
}

_mailctl_second()
{
	printf '%s\n' "$1" | sed -n "s/^$2 \([a-z-]*\)	.*/\1/p"
}

_mailctl()
{
	local word=${COMP_WORDS[COMP_CWORD]} commands noun='' verb='' usage=''
	local line words='' first=yes i at=1

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
	# "help" stands before what it is asked of.
	[ "${COMP_WORDS[at]}" = help ] && [ "$at" -lt "$COMP_CWORD" ] &&
	    at=$((at + 1)) && first=help
	i=$((COMP_CWORD - at))
	[ "$i" -gt 0 ] && noun=${COMP_WORDS[at]}
	[ "$i" -gt 1 ] && verb=${COMP_WORDS[at + 1]}
	if [ "$i" -eq 0 ]; then
		words=$(_mailctl_first "$commands")
		[ "$first" = help ] || words="$words --json --help -c -S -V"
	elif line=$(printf '%s\n' "$commands" | grep "^$noun	"); then
		usage=${line#*	}
		words=$(_mailctl_arguments "$usage" no)
	elif [ "$i" -eq 1 ]; then
		words=$(_mailctl_second "$commands" "$noun")
	elif line=$(printf '%s\n' "$commands" | grep "^$noun $verb	"); then
		usage=${line#*	}
		for ((i = at + 2; i < COMP_CWORD; i++)); do
			[[ ${COMP_WORDS[i]} = -* ]] || first=no
		done
		words=$(_mailctl_arguments "$usage" "$first")
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
