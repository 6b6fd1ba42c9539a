#include "maildir_flag.h"

#include "maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INFO ":2,"

int
maildir_flagged(const char *name, char flag, char *to, size_t size)
{
	size_t base = maildir_base_length(name), at;
	const char *flags = "";
	int n;

	if (strncmp(name + base, INFO, strlen(INFO)) == 0)
		flags = name + base + strlen(INFO);
	if (strchr(flags, flag) != NULL)
		return 1;
	/* Those that come before it in the alphabet. */
	for (at = 0; flags[at] != '\0' && flags[at] < flag; at++)
		;
	n = snprintf(to, size, "%.*s%s%.*s%c%s", (int)base, name, INFO, (int)at,
	    flags, flag, flags + at);
	return n > 0 && (size_t)n < size ? 0 : -1;
}

/* Renames it where it is: 0; 1 where it is not there; -1 with errno. */
static int
move(const char *path, const char *file, char flag)
{
	char sub[4] = {file[0], file[1], file[2], '\0'};
	char name[MAILDIR_NAME_MAX];
	int from, to, result, code;

	result = maildir_flagged(file + 4, flag, name, sizeof(name));
	if (result == 1 && strcmp(sub, "cur") == 0)
		return 0;
	if (result == 1)
		snprintf(name, sizeof(name), "%s", file + 4);
	if (result == -1) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((from = maildir_open(path, sub)) == -1)
		return -1;
	if ((to = maildir_open(path, "cur")) == -1) {
		close(from);
		return -1;
	}
	result = renameat(from, file + 4, to, name);
	code = errno;
	close(from);
	close(to);
	errno = code;
	return result == -1 && code == ENOENT ? 1 : result;
}

int
maildir_flag(const char *path, const char *file, char flag)
{
	char moved[4 + MAILDIR_NAME_MAX];
	int result, found;

	if ((result = move(path, file, flag)) != 1)
		return result;
	found = maildir_find(path, file + 4, maildir_base_length(file + 4),
	    moved, sizeof(moved));
	if (found != 1)
		return found;
	return move(path, moved, flag) == -1 ? -1 : 0;
}
