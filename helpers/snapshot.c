#include "snapshot.h"

#include "hex.h"
#include "maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Memory of one snapshot: a million names of the usual length. */
#define MEMORY ((size_t)512 << 20)
/* Steps of some work after which others get their turn: about 100 us. */
#define STEPS 512

/* The number behind a key like ",S="; 0, or -1. */
static int
parse_field(const char *name, const char *key, uint64_t *value)
{
	const char *at = strstr(name, key);
	int digits = 0;

	if (at == NULL || at >= name + maildir_base_length(name))
		return -1;
	*value = 0;
	for (at += strlen(key); *at >= '0' && *at <= '9'; at++, digits++)
		*value = *value * 10 + (uint64_t)(*at - '0');
	return digits > 0 && digits < 16 ? 0 : -1;
}

int
snapshot_parse(const char *name, uint64_t *size, uint64_t *octets)
{
	if (parse_field(name, ",S=", size) == -1 ||
	    parse_field(name, ",W=", octets) == -1)
		return -1;
	/* Each stored octet leaves as one or two. */
	return *octets >= *size && *octets <= 2 * *size + 2 ? 0 : -1;
}

void
snapshot_hash(const char *text, size_t length, char uidl[SNAPSHOT_UIDL + 1])
{
	unsigned char sum[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)text, length, sum);
	hex_put(uidl, sum, sizeof(sum));
}

static size_t
count_digits(const char *name)
{
	size_t n = 0;

	while (name[n] >= '0' && name[n] <= '9')
		n++;
	return n;
}

/* Where ",S=" begins in a name as maildir_name makes it; 0 in any other. */
static size_t
own_length(const char *name)
{
	size_t n = count_digits(name);
	const char *size;

	if (n == 0 || strncmp(name + n, ".M", 2) != 0 ||
	    count_digits(name + n + 2) != 6 || name[n + 8] != 'R' ||
	    strspn(name + n + 9, "0123456789abcdef") != 16 ||
	    name[n + 25] != '.')
		return 0;
	size = strchr(name, ',');
	return size != NULL && strncmp(size, ",S=", 3) == 0
		   ? (size_t)(size - name)
		   : 0;
}

void
snapshot_uidl(const char *name, char uidl[SNAPSHOT_UIDL + 1])
{
	size_t length = own_length(name), i;

	if (length == 0 || length > maildir_base_length(name))
		length = maildir_base_length(name);
	for (i = 0; i < length; i++)
		if (name[i] < 0x21 || name[i] > 0x7e)
			break;
	if (i < length || length > SNAPSHOT_UIDL) {
		snapshot_hash(name, length, uidl);
		return;
	}
	memcpy(uidl, name, length);
	uidl[length] = '\0';
}

int
snapshot_step(struct snapshot *s)
{
	if (s->pause == NULL || ++s->steps < STEPS)
		return 0;
	s->steps = 0;
	return s->pause(s->arg);
}

struct sorting {
	struct snapshot *snapshot;
	int failed;
};

/* By the seconds at the front, of which more digits are later; then by name. */
static int
by_arrival(const void *a, const void *b, void *arg)
{
	struct sorting *sorting = arg;
	const char *x = ((const struct snapshot_letter *)a)->file;
	const char *y = ((const struct snapshot_letter *)b)->file;
	size_t m = count_digits(x + 4), n = count_digits(y + 4);
	int order;

	if (sorting->failed == 0)
		sorting->failed = snapshot_step(sorting->snapshot);
	if (m != n)
		return m < n ? -1 : 1;
	order = strcmp(x + 4, y + 4);
	return order != 0 ? order : strcmp(x, y);
}

static int
add_letter(struct snapshot *s, const char *sub, const char *name)
{
	struct snapshot_letter *l;

	if (s->count == s->room) {
		size_t room = s->room * 2 + 16;

		l = reallocarray(s->letters, room, sizeof(*l));
		if (l == NULL)
			return -1;
		s->letters = l;
		s->room = room;
	}
	l = &s->letters[s->count];
	if (snapshot_parse(name, &l->size, &l->octets) == -1)
		l->size = l->octets = SNAPSHOT_UNKNOWN;
	l->uidl = NULL;
	l->file = arena_printf(&s->arena, "%s/%s", sub, name);
	if (l->file == NULL)
		return -1;
	s->count++;
	return 0;
}

/* Whether the entry is a regular file of a name that the wire can carry. */
static int
is_letter(int folder, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_name[0] == '.' ||
	    strlen(entry->d_name) >= MAILDIR_NAME_MAX)
		return 0;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG;
	return fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

static int
read_folder(struct snapshot *s, const char *path, const char *sub)
{
	struct dirent *entry;
	int fd, result = 0;
	DIR *dir;

	if ((fd = maildir_open(path, sub)) == -1)
		return errno == ENOENT ? 0 : -1;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	for (;;) {
		errno = 0;
		if ((entry = readdir(dir)) == NULL) {
			result = errno == 0 ? 0 : -1;
			break;
		}
		if ((result = snapshot_step(s)) != 0)
			break;
		if (s->count >= SNAPSHOT_LETTERS || !is_letter(fd, entry))
			continue;
		if ((result = add_letter(s, sub, entry->d_name)) == -1)
			break;
	}
	closedir(dir);
	return result;
}

int
snapshot_take_gently(
    struct snapshot *s, const char *path, int (*pause)(void *arg), void *arg)
{
	struct sorting sorting = {.snapshot = s};

	memset(s, 0, sizeof(*s));
	s->pause = pause;
	s->arg = arg;
	arena_init(&s->arena, MEMORY);
	if (read_folder(s, path, "new") != 0 ||
	    read_folder(s, path, "cur") != 0)
		return -1;
	if (s->count > 1)
		qsort_r(s->letters, s->count, sizeof(*s->letters), by_arrival,
		    &sorting);
	return sorting.failed == 0 ? 0 : -1;
}

int
snapshot_take(struct snapshot *s, const char *path)
{
	return snapshot_take_gently(s, path, NULL, NULL);
}

/* Octets as sent: a CR before each LF that has none, and a last CRLF. */
static int
count_octets(int fd, uint64_t size, uint64_t *octets)
{
	char block[16384], last = '\n';
	uint64_t total = 0, got = 0;
	ssize_t n, i;

	while (got < size && (n = read(fd, block, sizeof(block))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		for (i = 0; i < n; i++) {
			total += block[i] == '\n' && last != '\r';
			last = block[i];
		}
		got += (uint64_t)n;
	}
	total += got;
	if (got > 0 && last != '\n')
		total += last == '\r' ? 1 : 2;
	*octets = total;
	return 0;
}

void
snapshot_measure(
    struct snapshot *s, size_t i, const char *path, uint64_t *budget)
{
	struct snapshot_letter *l = &s->letters[i];
	struct stat st;
	int fd;

	l->size = l->octets = 0;
	if ((fd = maildir_fetch(path, l->file)) == -1)
		return;
	if (fstat(fd, &st) == 0) {
		l->size = l->octets = (uint64_t)st.st_size;
		if (l->size <= *budget) {
			*budget -= l->size;
			count_octets(fd, l->size, &l->octets);
		}
	}
	close(fd);
}

void
snapshot_free(struct snapshot *s)
{
	arena_reset(&s->arena);
	free(s->letters);
	s->letters = NULL;
	s->count = s->room = 0;
}
