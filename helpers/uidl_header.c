/* X-UIDL: the UIDL that UW's servers, qpopper and exports to mbox wrote into
 * the header of each letter. */
#include "uidl_import_parts.h"

#include "maildir.h"
#include "snapshot.h"
#include "worked.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Octets of a letter in which the field is looked for. */
#define HEAD_MAX 65536

static const char field[] = "X-UIDL:";

/* The value of the field in a header, cut out of it; NULL: there is none. */
static char *
find_value(char *head)
{
	char *line = head, *end, *value;

	while ((end = strchr(line, '\n')) != NULL && end != line &&
	       strncmp(line, "\r\n", 2) != 0) {
		if (strncasecmp(line, field, sizeof(field) - 1) != 0) {
			line = end + 1;
			continue;
		}
		value = line + sizeof(field) - 1;
		value += strspn(value, " \t");
		while (end > value && strchr(" \t\r\n", end[-1]) != NULL)
			end--;
		*end = '\0';
		return value;
	}
	return NULL;
}

/* As the owner: reads a letter's head into `head`.  0 or -1. */
static int
read_head(const struct owner *o, const char *file, char *head)
{
	ssize_t n = -1;
	int fd = -1;

	if (owner_become(o->uid, o->gid) == 0)
		fd = maildir_fetch(o->path, file);
	if (fd != -1) {
		n = pread(fd, head, HEAD_MAX, 0);
		close(fd);
	}
	owner_home();
	head[n > 0 ? n : 0] = '\0';
	return n >= 0 ? 0 : -1;
}

static int
import_letter(
    struct import *i, const struct owner *o, const char *file, char *head)
{
	char *value;
	int result = 0;

	if (read_head(o, file, head) == -1)
		result = 1;
	else if ((value = find_value(head)) != NULL)
		result = import_take(i, file + 4, value);
	i->counts->skipped += result == 1;
	return result == -1 ? -1 : 0;
}

struct reading {
	struct import *import;
	const struct owner *owner;
};

static int
pause_reading(void *arg)
{
	struct reading *r = arg;

	owner_home();
	return import_pause(r->import) == 0
		   ? owner_become(r->owner->uid, r->owner->gid)
		   : -1;
}

int
import_headers(struct import *i, const struct owner *o)
{
	char *head = malloc(HEAD_MAX + 1);
	struct reading r = {.import = i, .owner = o};
	struct snapshot s = {.count = 0};
	struct worked *w;
	int result = -1;

	if (head != NULL && owner_become(o->uid, o->gid) == 0)
		result = snapshot_take_gently(&s, o->path, pause_reading, &r);
	owner_home();
	w = worked_begin(s.count);
	for (size_t n = 0; n < s.count && result == 0; n++, worked_step(w)) {
		result = import_letter(i, o, s.letters[n].file, head);
		if (result == 0)
			result = import_pause(i);
	}
	snapshot_free(&s);
	free(head);
	return result;
}
