#include "outgoing.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The next block.  Returns 1, 0 at the end, or -1 with errno: EIO also where
 * the file ends before its size. */
static int
read_block(struct outgoing *o)
{
	uint64_t left = o->size - o->at;
	size_t wanted = left < o->block ? (size_t)left : o->block;
	ssize_t n;

	o->filled = 0;
	while (o->filled < wanted) {
		n = pread(
		    o->fd, o->in + o->filled, wanted - o->filled, (off_t)o->at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return -1;
		}
		o->filled += (size_t)n;
		o->at += (uint64_t)n;
	}
	return wanted > 0;
}

static enum mailbox_result
begin(struct outgoing *o, const struct mailbox_letter *l)
{
	struct stat status;

	if (fstat(o->fd, &status) == -1)
		return MAILBOX_TEMPORARY;
	o->size = (uint64_t)status.st_size;
	o->octets = l->octets;
	/* More than its name says, or lines that nobody has counted. */
	o->is_doubtful = o->size > l->size || l->octets == l->size;
	if (o->size < l->size)
		return MAILBOX_NO_LETTER;
	if ((o->in = malloc(o->block + LETTER_ROOM(o->block))) == NULL)
		return MAILBOX_TEMPORARY;
	o->out = o->in + o->block;
	return read_block(o) != -1 ? MAILBOX_OK : MAILBOX_TEMPORARY;
}

int
outgoing_measure(struct outgoing *o)
{
	char end[LETTER_END];
	struct letter l;
	int got;

	if (o->at == o->size)
		o->octets = letter_octets(o->in, o->filled);
	if (o->at == o->size || !o->is_doubtful)
		return 0;
	letter_begin(&l);
	for (got = 1; got == 1; got = read_block(o)) {
		letter_write(&l, o->in, o->filled, o->out);
		fiber_yield();
	}
	letter_end(&l, end);
	o->octets = l.octets;
	o->at = 0;
	return got == 0 && read_block(o) == 1 ? 0 : -1;
}

enum mailbox_result
outgoing_open(struct outgoing *o, struct pop3 *p, uint32_t number, size_t block)
{
	struct mailbox_letter l;
	enum mailbox_result result;

	*o = (struct outgoing){.fd = -1, .block = block};
	maildrop_get(&p->drop, number, &l);
	result =
	    mailbox_fetch(&p->box, &l, &o->fd, clock_after(p->conf->helper));
	if (result == MAILBOX_OK)
		result = begin(o, &l);
	if (result != MAILBOX_OK) {
		log_warn("letter.unreadable", log_id("session", p->client->id),
		    log_text("box", p->name), log_text("file", l.file),
		    log_int("size", (int64_t)l.size),
		    log_int("found", (int64_t)o->size));
		outgoing_close(o);
	}
	return result;
}

int
outgoing_send(struct outgoing *o, struct pop3 *p, struct letter_top *top)
{
	struct letter l;
	int got;

	letter_begin(&l);
	for (got = o->filled > 0; got == 1; got = read_block(o)) {
		size_t n = o->filled;

		if (top != NULL)
			n = letter_top_cut(top, o->in, n);
		n = letter_write(&l, o->in, n, o->out);
		conn_write(&p->conn, o->out, n);
		if (conn_error(&p->conn) != 0)
			return -1;
		if (top != NULL && top->is_done)
			break;
		if (o->at < o->size)
			fiber_yield();
	}
	if (got == -1) {
		log_error("letter.broken", log_id("session", p->client->id),
		    log_text("box", p->name), log_errno(errno));
		p->end = "a letter can't be read";
		return -1;
	}
	conn_write(&p->conn, o->out, letter_end(&l, o->out));
	if (top == NULL && l.octets != o->octets)
		log_warn("letter.octets", log_id("session", p->client->id),
		    log_text("box", p->name),
		    log_int("announced", (int64_t)o->octets),
		    log_int("sent", (int64_t)l.octets));
	return 0;
}

void
outgoing_close(struct outgoing *o)
{
	if (o->fd != -1)
		close(o->fd);
	o->fd = -1;
	free(o->in);
	o->in = o->out = NULL;
}
