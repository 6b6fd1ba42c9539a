#include "mailbox_fetch.h"

#include "log.h"
#include "mailbox.h"
#include "mailbox_drop.h"
#include "mailbox_proof.h"
#include "maildir.h"
#include "owner.h"
#include "server.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct fetch {
	int small; /* letters may travel in the answer */
	uint32_t count;
	char files[MAILBOX_FETCH_MAX][WIRE_FILE_MAX];
};

/* Reads the fields: 0, or -1 where they are malformed. */
static int
read_request(struct fetch *f, struct packet *p)
{
	uint8_t small = packet_get_u8(p);
	uint32_t i;

	f->small = small;
	f->count = packet_get_u32(p);
	if (p->error != 0 || small > 1 || f->count == 0 ||
	    f->count > MAILBOX_FETCH_MAX)
		return -1;
	for (i = 0; i < f->count; i++) {
		packet_get_text(p, f->files[i], sizeof(f->files[i]));
		if (p->error != 0 || !maildir_is_file(f->files[i]))
			return -1;
	}
	return packet_end(p);
}

/* Adds an open letter of size octets to the answer: 0, or -1 with errno. */
static int
put_letter(struct packet *fields, int fd, size_t size)
{
	unsigned char *to = packet_put_space(fields, size);
	size_t at = 0;
	ssize_t n;

	if (to == NULL) {
		errno = ENOMEM;
		return -1;
	}
	while (at < size) {
		n = read(fd, to + at, size - at);
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
		if ((fd = maildir_fetch(path, f->files[n])) == -1)
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

	if ((fd = maildir_fetch(path, f->files[0])) == -1)
		return -1;
	if (f->small && f->count > 1)
		packet_reserve(fields, MAILBOX_ANSWER_MAX);
	packet_put_u32(fields, 0);
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

	if (read_request(&f, &q->packet) == -1)
		return -1;
	if ((proof = mailbox_drop_proof(q, handle)) == NULL) {
		request_reply(&q, PACKET_GONE, NULL);
		return 0;
	}
	packet_init(&fields, 0);
	errno = EPERM;
	if (owner_become(proof->owner.uid, proof->owner.gid) == 0 &&
	    put_letters(&f, proof->owner.path, &fields) == 0)
		request_reply(&q,
		    fields.error == 0 ? PACKET_OK : PACKET_TEMPORARY, &fields);
	else
		refuse(&q, proof->name);
	owner_home();
	packet_free(&fields);
	return 0;
}
