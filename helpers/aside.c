#include "aside.h"

#include "entry.h"
#include "log.h"
#include "owner.h"
#include "packet.h"
#include "replay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX	  "aside."
#define MAGIC	  UINT64_C(0x3165646973416d72)
#define NAME_SIZE 64
/* Octets of an entry of one owner: of a body, and what says whose it is. */
#define ENTRY_MAX (WIRE_INLINE_MAX + 4096)
/* Messages that are made durable, and whose files go, together. */
#define TOGETHER 64

struct head {
	uint64_t magic, length; /* octets behind it */
	unsigned char sum[SHA256_DIGEST_LENGTH];
};

static const struct owner *
only_owner(const void *arg, unsigned i)
{
	(void)i;
	return arg;
}

/* The file's octets; NULL with errno. */
static unsigned char *
compose(const struct entry *e, const struct owner *o, size_t *size)
{
	struct packet p;
	struct head head = {.magic = MAGIC};
	unsigned char *data = NULL;

	packet_init(&p, 0);
	entry_put_deliver(&p, e->trace, e->name, 1, only_owner, o, e->size);
	errno = p.error;
	if (p.error == 0 &&
	    (data = malloc(sizeof(head) + p.length + e->size)) != NULL) {
		head.length = p.length + e->size;
		memcpy(data + sizeof(head), p.data, p.length);
		memcpy(data + sizeof(head) + p.length, e->body, e->size);
		SHA256(data + sizeof(head), head.length, head.sum);
		memcpy(data, &head, sizeof(head));
		*size = sizeof(head) + head.length;
	}
	packet_free(&p);
	return data;
}

int
aside_put(int folder, const struct entry *e, const struct owner *o)
{
	char name[NAME_SIZE];
	unsigned char *data;
	size_t size = 0;
	int fd, saved, result = -1;

	owner_home();
	if ((data = compose(e, o, &size)) == NULL)
		return -1;
	snprintf(name, sizeof(name), PREFIX "%016" PRIx64 ".%016" PRIx64,
	    e->trace, entry_key(o->path, e->name));
	fd = openat(folder, name,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd != -1) {
		if (maildir_write(fd, data, size) == 0 && fsync(fd) == 0 &&
		    fsync(folder) == 0)
			result = 0;
		saved = errno;
		close(fd);
		errno = saved;
	}
	free(data);
	return result;
}

/* The file's octets behind its head; NULL with errno, EBADMSG: it is none. */
static unsigned char *
load(int folder, const char *name, size_t *length)
{
	unsigned char sum[SHA256_DIGEST_LENGTH], *data = NULL;
	struct head head;
	int fd, saved;

	fd = openat(
	    folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	errno = EBADMSG;
	if (read(fd, &head, sizeof(head)) == sizeof(head) &&
	    head.magic == MAGIC && head.length <= ENTRY_MAX &&
	    (data = malloc(head.length)) != NULL) {
		*length = head.length;
		if (read(fd, data, *length) == (ssize_t)*length)
			SHA256(data, *length, sum);
		else
			memset(sum, 0, sizeof(sum));
		if (memcmp(sum, head.sum, sizeof(sum)) != 0) {
			free(data);
			data = NULL;
			errno = EBADMSG;
		}
	}
	saved = errno;
	close(fd);
	errno = saved;
	return data;
}

/* 1: the message is in its Maildir; 0: it is not; -1: the file is none. */
static int
try_one(int folder, const char *name)
{
	struct entry e;
	unsigned char *data;
	size_t length = 0;
	int result = -1, code;

	if ((data = load(folder, name, &length)) == NULL)
		return errno == EBADMSG ? -1 : 0;
	if (entry_read(&e, ENTRY_DELIVER, data, length) == 0) {
		result = replay_place(&e, &e.owners[0]) != -1 &&
			 maildir_settle(e.owners[0].path) == 0;
		code = errno;
		owner_home();
		if (result == 1)
			log_info("aside.placed",
			    log_text("path", e.owners[0].path),
			    log_id("trace", e.trace));
		else
			log_debug("aside.left",
			    log_text("path", e.owners[0].path),
			    log_id("trace", e.trace), log_errno(code));
	}
	entry_free(&e);
	free(data);
	return result;
}

/* What was placed is made durable; then its files may go. */
static int
release(int folder, char (*names)[NAME_SIZE], unsigned n)
{
	if (n == 0)
		return 0;
	if (maildir_sync_all() == -1)
		return -1;
	for (unsigned i = 0; i < n; i++)
		if (unlinkat(folder, names[i], 0) == -1 && errno != ENOENT)
			return -1;
	return fsync(folder);
}

/* It stays, under another name, so that this is told of once. */
static void
keep_unreadable(int folder, const char *name)
{
	char other[NAME_MAX + 16];

	snprintf(other, sizeof(other), "unreadable.%s", name + strlen(PREFIX));
	log_error("aside.unreadable", log_text("file", other));
	if (renameat(folder, name, folder, other) == -1)
		log_error("aside.rename", log_errno(errno));
}

static int
retry_all(int folder, DIR *dir, void (*pause)(void))
{
	char placed[TOGETHER][NAME_SIZE];
	struct dirent *d;
	unsigned n = 0;
	int left = 0, result;

	while ((d = readdir(dir)) != NULL) {
		if (strncmp(d->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		result = strlen(d->d_name) < NAME_SIZE
			     ? try_one(folder, d->d_name)
			     : -1;
		if (result == -1) {
			keep_unreadable(folder, d->d_name);
			continue;
		}
		if (result == 1)
			snprintf(placed[n++], NAME_SIZE, "%s", d->d_name);
		else
			left++;
		if (n == TOGETHER) {
			if (release(folder, placed, n) == -1)
				return -1;
			n = 0;
		}
		if (pause != NULL)
			pause();
	}
	return release(folder, placed, n) == -1 ? -1 : left;
}

int
aside_retry(int folder, void (*pause)(void))
{
	int fd, saved, result;
	DIR *dir;

	fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if ((dir = fdopendir(fd)) == NULL) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	result = retry_all(folder, dir, pause);
	saved = errno;
	owner_home();
	closedir(dir);
	errno = saved;
	return result;
}
