#include "list.h"

#include "address.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX ":include:"
/* Files whose faults are remembered as logged. */
#define SAID_MAX 64
#define SAY_MAX	 512

/* A file as it was when its faults were logged. */
struct said {
	char name[LIST_NAME_MAX];
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

int
list_is_target(const char *target)
{
	return strncmp(target, PREFIX, sizeof(PREFIX) - 1) == 0;
}

const char *
list_name(const char *target)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	const char *name = target + sizeof(PREFIX) - 1;

	if (!list_is_target(target) || name[0] == '\0' || name[0] == '.' ||
	    strlen(name) >= LIST_NAME_MAX ||
	    name[strspn(name, allowed)] != '\0')
		return NULL;
	return name;
}

__attribute__((format(printf, 2, 3))) static void
say(const struct list_report *report, const char *format, ...)
{
	char text[SAY_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	report->say(report->arg, text);
}

/* Also a CR, as it stands before a line's end. */
static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A line without its end, blanks around it and comment: its begin and length.
 */
static const char *
trim(const char *line, size_t *length)
{
	size_t i;

	for (i = 0; i < *length; i++)
		if (line[i] == '#' &&
		    (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t'))
			*length = i;
	while (*length > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		--*length;
	}
	while (*length > 0 && is_blank(line[*length - 1]))
		--*length;
	return line;
}

/* One member, canonical, to name[WIRE_NAME_MAX]: NULL, or what is wrong. */
static const char *
read_member(const char *text, size_t length, char *name)
{
	char copy[WIRE_NAME_MAX];
	struct address a;

	if (length >= sizeof(copy))
		return "too long for an address";
	if (memchr(text, '\0', length) != NULL)
		return "has a NUL";
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (list_is_target(copy)) {
		if (list_name(copy) == NULL)
			return "no list can have this name";
		memcpy(name, copy, length + 1);
		return NULL;
	}
	if (address_parse(copy, &a) != ADDRESS_OK)
		return "no address: write user@domain";
	address_name(&a, name);
	return NULL;
}

int
list_parse(const char *text, size_t length, const char *name,
    struct record_targets *members, const struct list_report *report)
{
	const char *end = text + length, *line, *next, *wrong;
	unsigned number = 0;
	size_t n;

	members->count = 0;
	for (; text < end; text = next) {
		next = memchr(text, '\n', (size_t)(end - text));
		n = (size_t)((next != NULL ? next : end) - text);
		next = next != NULL ? next + 1 : end;
		number++;
		line = trim(text, &n);
		if (n == 0)
			continue;
		if (members->count == WIRE_TARGETS_MAX) {
			say(report, "%s:%u: more than %d members", name, number,
			    WIRE_TARGETS_MAX);
			members->count = 0;
			return -1;
		}
		wrong = read_member(line, n, members->names[members->count]);
		if (wrong == NULL)
			members->count++;
		else
			say(report, "%s:%u: %s", name, number, wrong);
	}
	return 0;
}

static void
say_to_log(void *arg, const char *text)
{
	(void)arg;
	log_warn("list.bad", log_text("where", text));
}

/* Whether the faults of this file, as it is, have been logged.  From now on
 * they have. */
static int
was_said(const char *name, const struct stat *st)
{
	static struct said said[SAID_MAX];
	struct said now = {.dev = st->st_dev,
	    .ino = st->st_ino,
	    .size = st->st_size,
	    .changed = st->st_ctim};
	struct said *s;
	unsigned hash = 5381;

	for (const char *c = name; *c != '\0'; c++)
		hash = hash * 33 ^ (unsigned char)*c;
	s = &said[hash % SAID_MAX];
	snprintf(now.name, sizeof(now.name), "%s", name);
	if (strcmp(s->name, now.name) == 0 && s->dev == now.dev &&
	    s->ino == now.ino && s->size == now.size &&
	    s->changed.tv_sec == now.changed.tv_sec &&
	    s->changed.tv_nsec == now.changed.tv_nsec)
		return 1;
	*s = now;
	return 0;
}

static void
say_nothing(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

/* Whose they are, and who may write to them: NULL, or what is wrong. */
static const char *
judge(const struct stat *folder, const struct stat *st)
{
	if (folder->st_mode & (S_IWGRP | S_IWOTH))
		return "others may write to its folder: chmod 755";
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_uid != 0 && st->st_uid != folder->st_uid)
		return "belongs to neither root nor the owner of the folder";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others may write to it: chmod 644";
	if (st->st_size > LIST_SIZE_MAX)
		return "is too large";
	return NULL;
}

/* All of the file, at most LIST_SIZE_MAX + 1 octets: how many; -1 with errno.
 */
static ssize_t
read_all(int fd, char *to)
{
	ssize_t n = 1;
	size_t length = 0;

	while (n > 0 && length <= LIST_SIZE_MAX) {
		n = read(fd, to + length, LIST_SIZE_MAX + 1 - length);
		if (n == -1 && errno == EINTR)
			n = 1;
		else if (n > 0)
			length += (size_t)n;
	}
	return n == -1 ? -1 : (ssize_t)length;
}

static int
read_file(int fd, const char *name, struct record_targets *members,
    const struct list_report *report)
{
	char *text = malloc(LIST_SIZE_MAX + 1);
	ssize_t length;
	int result = -1;

	if (text == NULL) {
		say(report, "%s: no memory", name);
		return -1;
	}
	length = read_all(fd, text);
	if (length == -1)
		say(report, "%s: %s", name, strerror(errno));
	else if (length > LIST_SIZE_MAX)
		say(report, "%s: is too large", name);
	else
		result =
		    list_parse(text, (size_t)length, name, members, report);
	free(text);
	return result;
}

/* The file of an open folder. */
static int
read_in(int folder, const char *name, struct record_targets *members,
    const struct list_report *report)
{
	static const struct list_report log = {say_to_log, NULL},
					silent = {say_nothing, NULL};
	struct stat above, st = {.st_size = 0};
	const char *wrong = NULL;
	int result = -1, fd;

	fd = openat(
	    folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1 || fstat(folder, &above) == -1)
		wrong = errno == ELOOP ? "is a link" : strerror(errno);
	else
		wrong = judge(&above, &st);
	if (report == NULL)
		report = was_said(name, &st) ? &silent : &log;
	if (wrong != NULL)
		say(report, "%s: %s", name, wrong);
	else
		result = read_file(fd, name, members, report);
	if (fd != -1)
		close(fd);
	return result;
}

int
list_read(const char *folder, const char *name, struct record_targets *members,
    const struct list_report *report)
{
	static const struct list_report log = {say_to_log, NULL};
	const struct list_report *to = report != NULL ? report : &log;
	int fd, result;

	members->count = 0;
	if (folder == NULL || folder[0] == '\0') {
		say(to, "%s: helpers.conf names no folder of lists", name);
		return -1;
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1) {
		say(to, "%s: %s: %s", name, folder, strerror(errno));
		return -1;
	}
	result = read_in(fd, name, members, report);
	close(fd);
	return result;
}
