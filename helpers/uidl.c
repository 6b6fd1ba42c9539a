#include "uidl.h"

#include "catalog.h"
#include "hex.h"
#include "maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Entries of one mailbox, and what their texts take. */
#define ENTRIES_MAX 2000000
#define MEMORY	    ((size_t)256 << 20)
/* A line: sum, hash, UIDL, two spaces and the end; and half a line more. */
#define LINE_MAX_ (16 + 1 + 32 + 1 + SNAPSHOT_UIDL + 2)
#define BLOCK	  32768
/* Lines after which others get their turn. */
#define TURN 512

static void
hash_base(uint8_t base[16], const char *name)
{
	unsigned char sum[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)name, maildir_base_length(name), sum);
	memcpy(base, sum, 16);
}

/* FNV-1a, stirred. */
static uint64_t
sum_line(const char *text)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return sum ^ sum >> 31;
}

static uint32_t *
place_of(const struct uidls *u, const uint8_t base[16])
{
	uint32_t at;

	memcpy(&at, base, sizeof(at));
	for (at &= u->size - 1; u->places[at] != 0;
	     at = (at + 1) & (u->size - 1))
		if (memcmp(u->entries[u->places[at] - 1].base, base, 16) == 0)
			break;
	return &u->places[at];
}

/* Makes room for one more: the table is never more than half full. */
static int
grow(struct uidls *u)
{
	uint32_t size = u->size == 0 ? 64 : u->size * 2, *places;
	struct uidl_entry *entries;

	if (u->size > 0 && u->count < u->size / 2)
		return 0;
	if (u->count >= ENTRIES_MAX) {
		errno = ENOMEM;
		return -1;
	}
	entries = reallocarray(u->entries, size / 2, sizeof(*entries));
	if (entries == NULL)
		return -1;
	u->entries = entries;
	if ((places = calloc(size, sizeof(*places))) == NULL)
		return -1;
	free(u->places);
	u->places = places;
	u->size = size;
	for (uint32_t i = 0; i < u->count; i++)
		*place_of(u, u->entries[i].base) = i + 1;
	return 0;
}

static int
add(struct uidls *u, const uint8_t base[16], const char *uidl)
{
	struct uidl_entry *e;
	uint32_t *place;

	if (grow(u) == -1)
		return -1;
	place = place_of(u, base);
	if (*place != 0)
		return 1;
	e = &u->entries[u->count];
	if ((e->uidl = arena_strdup(&u->arena, uidl)) == NULL)
		return -1;
	memcpy(e->base, base, 16);
	*place = ++u->count;
	return 0;
}

int
uidls_add(struct uidls *u, const char *name, const char *uidl)
{
	uint8_t base[16];

	hash_base(base, name);
	return add(u, base, uidl);
}

const char *
uidls_find(const struct uidls *u, const char *name)
{
	uint8_t base[16];
	uint32_t number;

	if (u->count == 0)
		return NULL;
	hash_base(base, name);
	number = *place_of(u, base);
	return number == 0 ? NULL : u->entries[number - 1].uidl;
}

/* One line without its end: 0, 1 where it is damaged, -1 with errno. */
static int
read_line(struct uidls *u, const char *line)
{
	uint8_t base[16];
	char *end;
	uint64_t sum;

	if (strlen(line) < 16 + 1 + 32 + 1 + 1 || line[16] != ' ' ||
	    line[49] != ' ')
		return 1;
	sum = strtoull(line, &end, 16);
	if (end != line + 16 || sum != sum_line(line + 17) ||
	    strlen(line + 50) > SNAPSHOT_UIDL)
		return 1;
	for (size_t i = 0; i < 16; i++) {
		char digits[3] = {line[17 + 2 * i], line[18 + 2 * i], '\0'};

		base[i] = (uint8_t)strtoul(digits, &end, 16);
		if (*end != '\0')
			return 1;
	}
	return add(u, base, line + 50) == -1 ? -1 : 0;
}

/* All whole lines of a block; how many octets they have, or -1. */
static ssize_t
read_block(struct uidls *u, char *block, size_t length)
{
	char *at = block, *end;
	int result;

	while (
	    (end = memchr(at, '\n', (size_t)(block + length - at))) != NULL) {
		*end = '\0';
		if ((result = read_line(u, at)) == -1)
			return -1;
		u->damaged += (unsigned)result;
		at = end + 1;
	}
	return at - block;
}

static int
read_file(struct uidls *u, int fd)
{
	char block[BLOCK];
	int64_t at = 0, n;
	ssize_t used = 0;

	while ((n = catalog_load(fd, block, sizeof(block), at)) > 0) {
		if ((used = read_block(u, block, (size_t)n)) == -1)
			return -1;
		u->torn = used < n;
		/* What has no end in a whole block is no line. */
		if (used == 0 && n == sizeof(block)) {
			u->damaged++;
			used = n;
		}
		if (used == 0)
			break;
		at += used;
		if (u->pause != NULL && u->pause(u->arg) != 0)
			return -1;
	}
	return n == -1 ? -1 : 0;
}

int
uidls_load(struct uidls *u, const struct index_key *key,
    int (*pause)(void *arg), void *arg)
{
	int fd, result;

	memset(u, 0, sizeof(*u));
	u->key = *key;
	u->pause = pause;
	u->arg = arg;
	arena_init(&u->arena, MEMORY);
	if ((fd = index_file_open(key, INDEX_UIDLS, O_RDONLY)) == -1)
		return errno == ENOENT ? 0 : -1;
	result = read_file(u, fd);
	u->stored = u->count;
	close(fd);
	return result;
}

static int
write_entries(struct uidls *u, FILE *f)
{
	char text[LINE_MAX_];

	/* What has no end stays so, and is passed over for ever. */
	if (u->torn)
		putc('\n', f);
	for (uint32_t i = u->stored; i < u->count; i++) {
		const struct uidl_entry *e = &u->entries[i];

		hex_put(text, e->base, 16);
		snprintf(text + 32, sizeof(text) - 32, " %s", e->uidl);
		fprintf(f, "%016" PRIx64 " %s\n", sum_line(text), text);
		if (i % TURN == 0 && u->pause != NULL && u->pause(u->arg) != 0)
			return -1;
	}
	return ferror(f) ? -1 : 0;
}

int
uidls_store(struct uidls *u)
{
	int fd, made = 0, result = -1;
	FILE *f;

	if (u->stored == u->count)
		return 0;
	fd = index_file_open(&u->key, INDEX_UIDLS, O_WRONLY | O_APPEND);
	if (fd == -1 && errno == ENOENT) {
		fd = index_file_make(&u->key, INDEX_UIDLS);
		made = 1;
	}
	if (fd == -1)
		return -1;
	if ((f = fdopen(fd, "a")) == NULL) {
		close(fd);
		return -1;
	}
	if (write_entries(u, f) == 0 && fflush(f) == 0 && fsync(fd) == 0 &&
	    (!made || (index_file_publish(fd, &u->key, INDEX_UIDLS) == 0 &&
			  index_file_sync(&u->key, INDEX_UIDLS) == 0))) {
		u->stored = u->count;
		u->torn = 0;
		result = 0;
	}
	fclose(f);
	return result;
}

void
uidls_free(struct uidls *u)
{
	arena_reset(&u->arena);
	free(u->entries);
	free(u->places);
	u->entries = NULL;
	u->places = NULL;
	u->count = u->size = u->stored = 0;
}
