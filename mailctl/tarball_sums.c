#include "tarball_sums.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "ringmail backup 1\n"
#define HEX  ((size_t)2 * TARBALL_SUM)
/* A line's sum and size, with their blanks and its end. */
#define LINE_MOST (HEX + 24)

int
tarball_sums_add(struct tarball_sums *s, const char *name, uint64_t size,
    int64_t at, const unsigned char sum[TARBALL_SUM])
{
	size_t room = s->room == 0 ? 64 : 2 * s->room;
	struct tarball_sum *items = s->items;

	if (s->count == s->room) {
		items = reallocarray(items, room, sizeof(*items));
		if (items == NULL)
			return -1;
		s->items = items;
		s->room = room;
	}
	items += s->count;
	*items =
	    (struct tarball_sum){.name = strdup(name), .size = size, .at = at};
	if (items->name == NULL)
		return -1;
	memcpy(items->sum, sum, TARBALL_SUM);
	s->count++;
	s->octets += size;
	return 0;
}

const struct tarball_sum *
tarball_sums_find(const struct tarball_sums *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->items[i].name, name) == 0)
			return &s->items[i];
	return NULL;
}

static void
put_hex(char to[HEX + 1], const unsigned char sum[TARBALL_SUM])
{
	for (size_t i = 0; i < TARBALL_SUM; i++)
		snprintf(to + 2 * i, 3, "%02x", sum[i]);
}

/* The last line, for what stands before it. */
static void
put_end(char to[LINE_MOST], const char *text, size_t length)
{
	unsigned char sum[TARBALL_SUM];
	char hex[HEX + 1];

	SHA256((const unsigned char *)text, length, sum);
	put_hex(hex, sum);
	snprintf(to, LINE_MOST, "%s end\n", hex);
}

char *
tarball_sums_text(const struct tarball_sums *s, size_t *length)
{
	size_t room = sizeof(HEAD) + LINE_MOST, at;
	char hex[HEX + 1], *text;

	for (size_t i = 0; i < s->count; i++)
		room += LINE_MOST + strlen(s->items[i].name);
	if (room > TARBALL_SUMS_MOST) {
		errno = EFBIG;
		return NULL;
	}
	if ((text = malloc(room)) == NULL)
		return NULL;
	at = (size_t)snprintf(text, room, HEAD);
	for (size_t i = 0; i < s->count; i++) {
		put_hex(hex, s->items[i].sum);
		at += (size_t)snprintf(text + at, room - at,
		    "%s %" PRIu64 " %s\n", hex, s->items[i].size,
		    s->items[i].name);
	}
	put_end(text + at, text, at);
	*length = at + strlen(text + at);
	return text;
}

/* What is wrong with a member, whose line says this of it. */
static int
compare_one(
    const struct tarball_sum *found, const char *line, char *why, size_t size)
{
	char hex[HEX + 1], wanted[LINE_MOST];
	const char *name;

	put_hex(hex, found->sum);
	snprintf(wanted, sizeof(wanted), "%s %" PRIu64 " ", hex, found->size);
	name = strchr(line, ' ');
	name = name == NULL ? NULL : strchr(name + 1, ' ');
	if (name == NULL || strcmp(name + 1, found->name) != 0) {
		snprintf(why, size,
		    "%s at octet %jd stands where MANIFEST has %s", found->name,
		    (intmax_t)found->at, name == NULL ? "nothing" : name + 1);
		return -1;
	}
	if (strncmp(line, wanted, strlen(wanted)) == 0)
		return 0;
	snprintf(why, size,
	    "%s, %" PRIu64 " octets, at octet %jd is damaged: its SHA-256 is "
	    "%.16s..., MANIFEST has %.16s...",
	    found->name, found->size, (intmax_t)found->at, hex, line);
	return -1;
}

/* Ends the line at text; where the next begins. */
static char *
cut_line(char *text)
{
	char *end = strchr(text, '\n');

	if (end == NULL)
		return text + strlen(text);
	*end = '\0';
	return end + 1;
}

/* Whether the text is what was once written. */
static int
is_whole(const char *text, size_t length)
{
	char end[LINE_MOST];
	size_t tail = HEX + sizeof(" end\n") - 1;

	if (length < sizeof(HEAD) - 1 + tail || strlen(text) != length ||
	    strncmp(text, HEAD, sizeof(HEAD) - 1) != 0)
		return 0;
	put_end(end, text, length - tail);
	return strcmp(text + length - tail, end) == 0;
}

int
tarball_sums_compare(const struct tarball_sums *s, char *text, size_t length,
    char *why, size_t size)
{
	char *line, *next, *end;

	if (!is_whole(text, length)) {
		snprintf(why, size,
		    "MANIFEST is damaged: its SHA-256 is not the one that "
		    "it has, or it is none of this kind");
		return -1;
	}
	end = text + length - (HEX + sizeof(" end\n") - 1);
	line = text + sizeof(HEAD) - 1;
	for (size_t i = 0; i < s->count; i++, line = next) {
		next = cut_line(line);
		if (line >= end) {
			snprintf(why, size,
			    "%s at octet %jd is not in MANIFEST",
			    s->items[i].name, (intmax_t)s->items[i].at);
			return -1;
		}
		if (compare_one(&s->items[i], line, why, size) == -1)
			return -1;
	}
	if (line == end)
		return 0;
	cut_line(line);
	snprintf(why, size, "there is no member for MANIFEST's line: %s", line);
	return -1;
}

void
tarball_sums_free(struct tarball_sums *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->items[i].name);
	free(s->items);
	*s = (struct tarball_sums){0};
}
