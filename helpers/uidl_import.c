#include "uidl_import_parts.h"

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

int
import_take(struct import *i, const char *name, const char *uidl)
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

int
import_pause(struct import *i)
{
	if (i->uidls->pause != NULL && i->uidls->pause(i->uidls->arg) != 0)
		return -1;
	return 0;
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
	return import_take(i, name, uidl);
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
	return import_take(i, line, uidl);
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
		if (import_pause(i) == -1)
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

/* The files of a Maildir that are known, the newer one first. */
#define FILES 3

static int
import_file(struct import *i, int file, int fd)
{
	static int (*const lines[FILES])(struct import *, char *) = {
	    dovecot_line, courier_line};

	i->line = lines[file];
	return i->line != NULL ? read_file(i, fd) : import_cyrus(i, fd);
}

static int
import_files(struct import *i, const struct owner *o)
{
	static const char *const names[FILES] = {
	    "dovecot-uidlist", "courierpop3dsizelist", "cyrus.index"};
	int64_t changed[FILES], last;
	int fds[FILES], found = 0, result = 0, newest;

	for (int k = 0; k < FILES; k++) {
		fds[k] = open_as_owner(o, names[k], &changed[k]);
		found += fds[k] != -1;
	}
	if (found == 0)
		return -1;
	for (; found > 0; found--) {
		last = INT64_MIN;
		newest = 0;
		for (int k = 0; k < FILES; k++)
			if (fds[k] != -1 && changed[k] > last) {
				newest = k;
				last = changed[k];
			}
		if (result == 0)
			result = import_file(i, newest, fds[newest]);
		close(fds[newest]);
		fds[newest] = -1;
	}
	return result;
}

int
uidl_import(struct uidls *u, const struct owner *o, enum uidl_source source,
    struct uidl_import *counts)
{
	struct import i = {.uidls = u, .counts = counts};
	int result, saved;

	memset(counts, 0, sizeof(*counts));
	result = source == UIDL_OF_HEADERS ? import_headers(&i, o)
					   : import_files(&i, o);
	saved = errno;
	tdestroy(i.seen, keep_text);
	errno = saved;
	return result;
}
