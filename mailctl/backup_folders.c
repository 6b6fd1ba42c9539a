#include "backup_parts.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A folder's line, unless the one before was of the same: the folder of the
 * confs, or one of what they name. */
static void
put_line(FILE *lines, const char *member, const char *folder)
{
	static char last[TARBALL_NAME_MAX];
	char name[TARBALL_NAME_MAX];
	struct tarball_rights rights;
	const char *path;
	struct stat st;

	if (strchr(member, '/') == NULL)
		return;
	snprintf(name, sizeof(name), "%.*s",
	    (int)(strrchr(member, '/') - member), member);
	path = strcmp(name, BACKUP_CONF) == 0 ? folder
					      : name + strlen(BACKUP_FILES);
	if (strcmp(name, last) == 0 || *path == '\0' || stat(path, &st) == -1)
		return;
	backup_rights(&rights, &st);
	fprintf(lines, "%o %s %s %s\n", (unsigned)rights.mode, rights.owner,
	    rights.group, name);
	snprintf(last, sizeof(last), "%s", name);
}

static enum client_exit
put_text(struct tarball *t, const char *text, size_t length)
{
	struct tarball_member m = {.name = BACKUP_FOLDERS,
	    .size = length,
	    .rights = {0600, "root", "root"}};

	if (tarball_begin(t, &m) == -1 ||
	    (length > 0 && tarball_put(t, text, length) == -1))
		return CLIENT_TEMPORARY;
	return CLIENT_OK;
}

enum client_exit
backup_put_folders(struct tarball *t, const char *folder)
{
	enum client_exit code = CLIENT_TEMPORARY;
	char *text = NULL;
	size_t length = 0;
	FILE *lines = open_memstream(&text, &length);

	for (size_t i = 0; lines != NULL && i < tarball_count(t); i++)
		put_line(lines, tarball_name(t, i), folder);
	if (lines == NULL || fclose(lines) != 0)
		warn(BACKUP_FOLDERS);
	else
		code = put_text(t, text, length);
	free(text);
	return code;
}
