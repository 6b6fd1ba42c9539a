#include "uidl_import.h"

#include "catalog.h"
#include "maildir.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 32768
/* Octets of a file that are read. */
#define FILE_MAX (INT64_C(256) << 20)

struct import {
	struct uidls *uidls;
	struct uidl_import *counts;
	void *seen; /* UIDLs of this import; the arena's */
	/* Of the file that is being read: */
	int (*line)(struct import *i, char *line);
	int version; /* 0: its head has not come yet */
	uint32_t validity;
};

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* RFC 1939 7. */
static int
is_uidl(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (text[i] < 0x21 || text[i] > 0x7e)
			return 0;
	return i > 0 && i <= SNAPSHOT_UIDL;
}

/* Takes over one; 1 where it can't be, -1 with errno. */
static int
take(struct import *i, const char *name, const char *uidl)
{
	const char *copy, *const *first;
	int result;

	if (*name == '\0' || strchr(name, '/') != NULL || !is_uidl(uidl))
		return 1;
	if ((copy = arena_strdup(&i->uidls->arena, uidl)) == NULL ||
	    (first = tsearch(copy, &i->seen, by_text)) == NULL)
		return -1;
	if (*first != copy)
		return 1;
	i->counts->found++;
	result = uidls_add(i->uidls, name, uidl);
	i->counts->added += result == 0;
	return result == -1 ? -1 : 0;
}

/* A number that ends at a blank or the end. */
static int
read_number(const char *text, uint32_t *number)
{
	unsigned long long value;
	char *end;

	value = strtoull(text, &end, 10);
	*number = (uint32_t)value;
	return end != text && *text >= '0' && *text <= '9' &&
		       value <= UINT32_MAX && (*end == ' ' || *end == '\0')
		   ? 0
		   : -1;
}

/* "3 V<uidvalidity> N<next> ...", or "1 <uidvalidity> <next>". */
static int
dovecot_head(struct import *i, const char *line)
{
	const char *field;

	if (strncmp(line, "1 ", 2) == 0) {
		i->version = 1;
		return read_number(line + 2, &i->validity);
	}
	if (strncmp(line, "3 ", 2) != 0 || (field = strstr(line, " V")) == NULL)
		return -1;
	i->version = 3;
	return read_number(field + 2, &i->validity);
}

/* "<uid> [<letter><value> ...] :<file>", or "<uid> <file>". */
static int
dovecot_line(struct import *i, char *line)
{
	char uidl[SNAPSHOT_UIDL + 1], *name, *field, *end;
	uint32_t uid;

	if (i->version == 0)
		return dovecot_head(i, line) == -1 ? 1 : 0;
	name = strstr(line, i->version == 3 ? " :" : " ");
	if (name == NULL || read_number(line, &uid) == -1)
		return 1;
	*name = '\0';
	name += i->version == 3 ? 2 : 1;
	snprintf(
	    uidl, sizeof(uidl), "%08" PRIx32 "%08" PRIx32, uid, i->validity);
	field = i->version == 3 ? strstr(line, " P") : NULL;
	if (field != NULL) {
		if ((end = strchr(field + 1, ' ')) != NULL)
			*end = '\0';
		snprintf(uidl, sizeof(uidl), "%.*s", SNAPSHOT_UIDL, field + 2);
	}
	return take(i, name, uidl);
}

/* The UIDL of Courier's first version: the name, escaped. */
static void
courier_escape(const char *name, char *uidl, size_t size)
{
	size_t n = 0, k, length = maildir_base_length(name);

	for (k = 0; k < length && n + 4 < size; k++) {
		unsigned char c = (unsigned char)name[k];

		if (c < 0x21 || c > 0x7e || strchr("'\"+", c) != NULL)
			n += (size_t)snprintf(uidl + n, size - n, "+%02X", c);
		else
			uidl[n++] = (char)c;
	}
	uidl[n] = '\0';
}

/* "<file> <size> <number>[:<validity>[:<utf8>]]" below "/<version> ...". */
static int
courier_line(struct import *i, char *line)
{
	char uidl[4 * MAILDIR_NAME_MAX];
	unsigned long number = 0, validity = 0;
	char *size, *last, *end;

	if (i->version == 0) {
		if (line[0] != '/' || line[1] < '1' || line[1] > '3')
			return 1;
		i->version = line[1] - '0';
		return 0;
	}
	if ((last = strrchr(line, ' ')) == NULL)
		return 1;
	*last++ = '\0';
	if ((size = strrchr(line, ' ')) == NULL)
		return 1;
	*size = '\0';
	number = strtoul(last, &end, 10);
	if (end == last)
		return 1;
	if (*end == ':')
		validity = strtoul(end + 1, NULL, 10);
	if (number == 0)
		courier_escape(line, uidl, sizeof(uidl));
	else if (validity == 0)
		snprintf(uidl, sizeof(uidl), "UID%lu", number);
	else
		snprintf(uidl, sizeof(uidl), "UID%lu-%lu", number, validity);
	return take(i, line, uidl);
}

/* All whole lines of a block; how many octets they have, or -1. */
static ssize_t
read_lines(struct import *i, char *block, size_t length)
{
	char *at = block, *end;
	int result;

	while (
	    (end = memchr(at, '\n', (size_t)(block + length - at))) != NULL) {
		*end = '\0';
		if ((result = i->line(i, at)) == -1)
			return -1;
		/* Without its head the rest says nothing. */
		if (i->version == 0) {
			errno = EBADMSG;
			return -1;
		}
		i->counts->skipped += result == 1;
		at = end + 1;
	}
	return at - block;
}

static int
read_file(struct import *i, int fd)
{
	char block[BLOCK];
	int64_t at = 0, n;
	ssize_t used;

	i->version = 0;
	while (at < FILE_MAX &&
	       (n = catalog_load(fd, block, sizeof(block), at)) > 0) {
		if ((used = read_lines(i, block, (size_t)n)) == -1)
			return -1;
		/* A line that fills a block is none. */
		if (used == 0 && n < (int64_t)sizeof(block))
			break;
		at += used > 0 ? used : n;
		if (i->uidls->pause != NULL &&
		    i->uidls->pause(i->uidls->arg) != 0)
			return -1;
	}
	return 0;
}

static int
open_as_owner(const struct owner *o, const char *file, int64_t *changed)
{
	struct stat st;
	int fd = -1;

	*changed = 0;
	if (owner_become(o->uid, o->gid) == 0)
		fd = maildir_open_file(o->path, file);
	if (fd != -1 && fstat(fd, &st) == 0)
		*changed = (int64_t)st.st_mtim.tv_sec;
	owner_home();
	return fd;
}

static void
keep_text(void *node)
{
	(void)node; /* the arena's */
}

int
uidl_import(struct uidls *u, const struct owner *o, struct uidl_import *counts)
{
	static int (*const lines[2])(struct import *, char *) = {
	    dovecot_line, courier_line};
	struct import i = {.uidls = u, .counts = counts};
	int64_t changed[2];
	int fds[2], first, result = 0;

	memset(counts, 0, sizeof(*counts));
	fds[0] = open_as_owner(o, "dovecot-uidlist", &changed[0]);
	fds[1] = open_as_owner(o, "courierpop3dsizelist", &changed[1]);
	if (fds[0] == -1 && fds[1] == -1)
		return -1;
	first = changed[1] > changed[0];
	for (int k = 0; k < 2 && result == 0; k++) {
		int file = k == 0 ? first : !first;

		i.line = lines[file];
		if (fds[file] != -1)
			result = read_file(&i, fds[file]);
	}
	tdestroy(i.seen, keep_text);
	for (int k = 0; k < 2; k++)
		if (fds[k] != -1)
			close(fds[k]);
	return result;
}
