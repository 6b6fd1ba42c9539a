#include "mailbox_fetch.h"

#include "log.h"
#include "mailbox.h"
#include "mailbox_drop.h"
#include "mailbox_proof.h"
#include "maildir.h"
#include "owner.h"
#include "server.h"
#include "shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct fetch {
	int small; /* letters may travel otherwise than by descriptor */
	unsigned char *room; /* SHELF_ROOM on the peer's shelf, or NULL */
	int is_unknown;	     /* it named a shelf that it has not got */
	uint32_t count;
	struct {
		char file[WIRE_FILE_MAX];
		uint64_t size; /* that the peer believes it has */
	} wanted[MAILBOX_FETCH_MAX];
	uint32_t lengths[MAILBOX_FETCH_MAX]; /* of letters on the shelf */
};

/* The peer's place; NULL where it means none, or another shelf. */
static unsigned char *
find_room(struct request *q, uint64_t id, uint32_t number)
{
	struct shelf **shelf = mailbox_drop_shelf(q);

	if (shelf == NULL || *shelf == NULL || (*shelf)->id != id)
		return NULL;
	return shelf_room(*shelf, number);
}

/* Reads the fields: 0, or -1 where they are malformed. */
static int
read_request(struct fetch *f, struct request *q)
{
	struct packet *p = &q->packet;
	uint8_t small = packet_get_u8(p);
	uint64_t shelf = packet_get_u64(p);
	uint32_t number = packet_get_u32(p), i;

	f->small = small;
	f->count = packet_get_u32(p);
	if (p->error != 0 || small > 1 || number >= SHELF_PLACES ||
	    f->count == 0 || f->count > MAILBOX_FETCH_MAX)
		return -1;
	f->room = shelf != 0 ? find_room(q, shelf, number) : NULL;
	f->is_unknown = shelf != 0 && f->room == NULL;
	for (i = 0; i < f->count; i++) {
		char *file = f->wanted[i].file;

		packet_get_text(p, file, sizeof(f->wanted[i].file));
		f->wanted[i].size = packet_get_u64(p);
		if (p->error != 0 || !maildir_is_file(file))
			return -1;
	}
	return packet_end(p);
}

/* Reads a letter of size octets from its start: 0, or -1 with errno. */
static int
read_all(int fd, unsigned char *to, size_t size)
{
	size_t at = 0;
	ssize_t n;

	while (at < size) {
		n = pread(fd, to + at, size - at, (off_t)at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			/* It has lost its end since it was looked at. */
			errno = n == 0 ? ENOENT : errno;
			return -1;
		}
		at += (size_t)n;
	}
	return 0;
}

/* Adds an open letter of size octets to the answer: 0, or -1 with errno. */
static int
put_letter(struct packet *fields, int fd, size_t size)
{
	unsigned char *to = packet_put_space(fields, size);

	if (to != NULL)
		return read_all(fd, to, size);
	errno = ENOMEM;
	return -1;
}

/* Whether a letter of that size travels in the answer. */
static int
is_small(const struct fetch *f, const struct packet *fields, int64_t size)
{
	return f->small && size <= MAILBOX_SMALL_MAX &&
	       fields->length + (uint64_t)size + sizeof(uint32_t) <=
		   MAILBOX_ANSWER_MAX;
}

/* The letters behind the first, until one is none for this answer. */
static uint32_t
put_more(const struct fetch *f, const char *path, struct packet *fields)
{
	struct stat st;
	uint32_t n, length;
	int fd, done = 0;

	for (n = 1; n < f->count && !done; n += !done) {
		if ((fd = maildir_fetch(path, f->wanted[n].file)) == -1)
			break;
		length = fields->length;
		done = fstat(fd, &st) == -1 ||
		       !is_small(f, fields, st.st_size) ||
		       put_letter(fields, fd, (size_t)st.st_size) == -1;
		if (done)
			fields->length = length;
		close(fd);
	}
	return n;
}

/* Fills in the answer: 0, or -1 with errno. */
static int
put_letters(const struct fetch *f, const char *path, struct packet *fields)
{
	uint32_t count;
	struct stat st;
	int fd, result;

	if ((fd = maildir_fetch(path, f->wanted[0].file)) == -1)
		return -1;
	if (f->small && f->count > 1)
		packet_reserve(fields, MAILBOX_ANSWER_MAX);
	packet_put_u32(fields, 0);
	packet_put_u8(
	    fields, f->is_unknown ? MAILBOX_SHELF_UNKNOWN : MAILBOX_INLINE);
	if (fstat(fd, &st) == -1 || !is_small(f, fields, st.st_size)) {
		maildir_read_ahead(fd);
		fields->fd = fd;
		return 0;
	}
	result = put_letter(fields, fd, (size_t)st.st_size);
	close(fd);
	if (result == -1)
		return -1;
	count = put_more(f, path, fields);
	packet_set_u32(fields, 0, count);
	return 0;
}

/*
 * Lays letter n on the shelf, where used octets are in use, if it has as many
 * octets as the peer believes: one octet more is asked for, so that a count
 * which fits says that the letter ends there.  0, or -1: it has not, is none,
 * or (but for the first) would have to be waited for.
 */
static int
lay(const struct fetch *f, int folder, uint32_t n, size_t used)
{
	uint64_t size = f->wanted[n].size;
	struct iovec part = {f->room + used, (size_t)size + 1};
	ssize_t got;
	int fd;

	if (size > MAILBOX_SMALL_MAX || size >= SHELF_ROOM - used)
		return -1;
	if ((fd = maildir_open_in(folder, f->wanted[n].file + 4)) == -1)
		return -1;
	got = preadv2(fd, &part, 1, 0, n == 0 ? 0 : RWF_NOWAIT);
	if (got == -1 && (errno == EOPNOTSUPP || errno == ENOSYS))
		got = pread(fd, part.iov_base, part.iov_len, 0);
	else if (n > 0 && got < (ssize_t)size)
		/* Not in memory yet; it will be asked for next. */
		maildir_read_ahead(fd);
	close(fd);
	return got == (ssize_t)size ? 0 : -1;
}

/* Letters on the shelf, as many as there are one behind the other: their
 * count; 0: the first must go another way. */
static uint32_t
lay_letters(struct fetch *f, const char *path)
{
	const char *sub = f->wanted[0].file;
	size_t used = 0;
	uint32_t n = 0;
	int folder;

	folder =
	    maildir_open(path, strncmp(sub, "new/", 4) == 0 ? "new" : "cur");
	if (folder == -1)
		return 0;
	while (n < f->count && strncmp(f->wanted[n].file, sub, 4) == 0 &&
	       lay(f, folder, n, used) == 0) {
		f->lengths[n] = (uint32_t)f->wanted[n].size;
		used += f->lengths[n++];
	}
	close(folder);
	return n;
}

/* Fills in the answer: 0, or -1 with errno. */
static int
answer(struct fetch *f, const char *path, struct packet *fields)
{
	uint32_t n, i;

	if (!f->small || f->room == NULL || (n = lay_letters(f, path)) == 0)
		return put_letters(f, path, fields);
	packet_put_u32(fields, n);
	packet_put_u8(fields, MAILBOX_ON_SHELF);
	for (i = 0; i < n; i++)
		packet_put_u32(fields, f->lengths[i]);
	return 0;
}

static void
refuse(struct request **q, const char *name)
{
	struct packet fields;

	if (errno != ENOENT && errno != ELOOP && errno != EACCES) {
		log_warn(
		    "fetch.failed", log_text("name", name), log_errno(errno));
		request_reply(q, PACKET_TEMPORARY, NULL);
		return;
	}
	packet_init(&fields, 0);
	packet_put_u8(&fields, MAILBOX_NO_LETTER);
	request_reply(q, PACKET_REFUSED, &fields);
	packet_free(&fields);
}

int
answer_fetch(struct request *q)
{
	static struct fetch f; /* nothing waits while it is in use */
	const struct mailbox_proof *proof;
	struct packet fields;
	uint32_t handle = packet_get_u32(&q->packet);

	if (read_request(&f, q) == -1)
		return -1;
	if ((proof = mailbox_drop_proof(q, handle)) == NULL) {
		request_reply(&q, PACKET_GONE, NULL);
		return 0;
	}
	packet_init(&fields, 0);
	errno = EPERM;
	if (owner_become(proof->owner.uid, proof->owner.gid) == 0 &&
	    answer(&f, proof->owner.path, &fields) == 0)
		request_reply(&q,
		    fields.error == 0 ? PACKET_OK : PACKET_TEMPORARY, &fields);
	else
		refuse(&q, proof->name);
	owner_home();
	packet_free(&fields);
	return 0;
}

int
answer_shelf(struct request *q)
{
	struct shelf **shelf = mailbox_drop_shelf(q);
	struct packet fields;

	if (packet_end(&q->packet) == -1)
		return -1;
	if (shelf != NULL && *shelf == NULL && (*shelf = shelf_make()) == NULL)
		log_warn("shelf.failed", log_errno(errno));
	if (shelf == NULL || *shelf == NULL) {
		request_reply(&q, PACKET_TEMPORARY, NULL);
		return 0;
	}
	packet_init(&fields, 0);
	packet_put_u64(&fields, (*shelf)->id);
	fields.fd = (*shelf)->fd;
	request_reply(
	    &q, fields.error == 0 ? PACKET_OK : PACKET_TEMPORARY, &fields);
	packet_take_fd(&fields); /* it stays the shelf's */
	packet_free(&fields);
	return 0;
}
