# Completion of mailctl(8) for bash.  What may follow is asked of mailctl itself;
# names of domains, users and aliases of the helpers, where root asks.

# Of the server that the line names by -c or -S.
_mailctl_names()
{
	"${COMP_WORDS[0]}" "${_mailctl_where[@]}" "$1" list 2>/dev/null |
	    sed 's/: .*//'
}

# Those of the words that begin with $1, as the shell has to read them.  No
# compgen -W: it expands its words, and names may have quotes, $ and `.
_mailctl_offer()
{
	local typed=${1//\\/} word

	while IFS= read -r word; do
		[[ -n $word && $word == "$typed"* ]] &&
		    COMPREPLY+=("$(printf '%q' "$word")")
	done < <(printf '%s\n' "$2" | sort -u)
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
	local line words='' first=yes i at=1 _mailctl_where=()

	COMPREPLY=()
	while [ "$at" -lt "$COMP_CWORD" ]; do
		case ${COMP_WORDS[at]} in
		-c | -S)
			_mailctl_where+=("${COMP_WORDS[@]:at:2}")
			at=$((at + 2))
			;;
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
		[ "$first" = help ] ||
		    words+=$'\n--json\n--help\n-c\n-S\n-V'
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
	_mailctl_offer "$word" "$words"
	[[ $usage = *FILE* ]] &&
	    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
	declare -F __ltrim_colon_completions >/dev/null &&
	    __ltrim_colon_completions "$word"
	return 0
}
complete -F _mailctl mailctl
