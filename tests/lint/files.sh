# Sourced by the checks: goes to the top of the tree and lists its files.
cd "$(dirname "$0")/../.." || exit 1

files() { # NAME-PATTERN... : all files of the tree with such a name
	for pattern in "$@"; do
		find . \( -name build -o -name .git -o -name __pycache__ \) \
			-prune -o -type f -name "$pattern" -print
	done | sort
}
