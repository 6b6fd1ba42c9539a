#include "tarball_name.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
is_part(const char *part, size_t length, const char *text)
{
	return length == strlen(text) && strncmp(part, text, length) == 0;
}

int
tarball_name_is_plain(const char *name)
{
	const char *part = name, *c;
	size_t length;

	for (c = name; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return 0;
	if (c - name >= TARBALL_NAME_MAX)
		return 0;
	for (;; part += length + 1) {
		length = strcspn(part, "/");
		if (length == 0 || is_part(part, length, ".") ||
		    is_part(part, length, ".."))
			return 0;
		if (part[length] == '\0')
			return 1;
	}
}

static int
leads_upwards(const char *path)
{
	size_t length;

	for (; *path != '\0'; path += length + (path[length] == '/')) {
		length = strcspn(path, "/");
		if (is_part(path, length, ".."))
			return 1;
	}
	return 0;
}

int
tarball_name_of(const char *folder, const char *path, char *name)
{
	char whole[PATH_MAX];
	size_t at, length;

	/* What stands behind a link is not what stands before it. */
	if (leads_upwards(path)) {
		if (realpath(path, whole) == NULL)
			return -1;
		path = whole;
	}
	at = (size_t)snprintf(name, TARBALL_NAME_MAX, "%s", folder);
	for (; *path != '\0'; path += length + (path[length] == '/')) {
		length = strcspn(path, "/");
		if (length == 0 || is_part(path, length, "."))
			continue;
		if (at + 1 + length >= TARBALL_NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		name[at++] = '/';
		memcpy(name + at, path, length);
		at += length;
		name[at] = '\0';
	}
	return 0;
}
