#include "outgoing.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "surrogate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Letters that are fetched at a time: at first, and how they become more. */
#define AHEAD_FIRST  2
#define AHEAD_GROWTH 4
/* With less room than that, what is buffered is sent first. */
#define ROOM_LEAST 512

/* The next block of a large letter.  Returns 1, 0 at the end, or -1 with errno:
 * EIO also where the file ends before its size. */
static int
read_block(struct outgoing *o)
{
	uint64_t left = o->size - o->at;
	size_t wanted = left < o->block ? (size_t)left : o->block;
	ssize_t n;

	o->filled = 0;
	o->data = o->in;
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

/* The file's part of its name that says what is in it. */
static int
says_wire(const char *file)
{
	const char *field = strstr(file, ",D=0");

	return field != NULL && strchr(",:", field[4]) != NULL;
}

/* A letter that came as a descriptor. */
static enum mailbox_result
begin_large(struct outgoing *o)
{
	struct stat status;

	if (fstat(o->fd, &status) == -1)
		return MAILBOX_TEMPORARY;
	o->size = (uint64_t)status.st_size;
	if ((o->in = malloc(2 * o->block)) == NULL)
		return MAILBOX_TEMPORARY;
	o->out = o->in + o->block;
	return MAILBOX_OK;
}

static enum mailbox_result
begin(struct outgoing *o, const struct mailbox_letter *l, int whole)
{
	enum mailbox_result result = MAILBOX_OK;

	if (o->fd != -1 && (result = begin_large(o)) != MAILBOX_OK)
		return result;
	if (o->size < l->size)
		return MAILBOX_NO_LETTER;
	o->octets = l->octets;
	/* More than its name says, or lines that nobody has counted. */
	o->is_wire = l->octets == l->size && says_wire(l->file);
	o->is_doubtful =
	    o->size > l->size || (l->octets == l->size && !o->is_wire);
	o->is_wire = o->is_wire && !o->is_doubtful;
	if (o->fd != -1 && !(o->is_wire && whole) && read_block(o) == -1)
		return MAILBOX_TEMPORARY;
	return MAILBOX_OK;
}

int
outgoing_measure(struct outgoing *o)
{
	struct letter l;
	char end[LETTER_END];
	int got;

	if (!o->is_doubtful)
		return 0;
	if (o->at == o->size) {
		o->octets = letter_octets(o->data, o->filled);
		return 0;
	}
	letter_begin(&l);
	for (got = 1; got == 1; got = read_block(o)) {
		while (o->filled > 0)
			(void)letter_fill(
			    &l, &o->data, &o->filled, o->out, o->block);
		fiber_yield();
	}
	letter_end(&l, end);
	o->octets = l.octets;
	o->at = 0;
	return got == 0 && read_block(o) == 1 ? 0 : -1;
}

int
outgoing_downgrade(struct outgoing *o)
{
	size_t n;

	/* One that would have left as a file. */
	if (o->is_wire && o->fd != -1 && read_block(o) == -1)
		return -1;
	o->is_wire = o->is_wire && o->fd == -1;
	n = surrogate_head(o->data, o->filled);
	if (!surrogate_is_needed(o->data, n))
		return 0;
	if (n == o->filled && o->at < o->size)
		return 1;
	o->head = surrogate_make(o->data, n, &o->head_length);
	if (o->head == NULL)
		return -1;
	o->is_wire = 0;
	o->octets +=
	    letter_octets(o->head, o->head_length) - letter_octets(o->data, n);
	o->data += n;
	o->filled -= n;
	return 0;
}

/*
 * What to ask for: letter number, and of those behind it that will fit into one
 * answer, where the client takes them in order: few at first, since many want
 * no more than the last.
 */
static uint32_t
choose(struct pop3 *p, const struct mailbox_letter *l, uint32_t number,
    struct mailbox_wanted *wanted)
{
	uint64_t octets = l->size;
	uint32_t n = 1, max = p->ahead.most;

	wanted[0] = (struct mailbox_wanted){l->file, l->size};
	if (number == p->ahead.last + 1)
		max = AHEAD_FIRST + AHEAD_GROWTH * max;
	else
		max = 1;
	if (max > MAILBOX_FETCH_MAX)
		max = MAILBOX_FETCH_MAX;
	p->ahead.most = max;
	for (; n < max && maildrop_has(&p->drop, number + n); n++) {
		struct mailbox_wanted *w = &wanted[n];

		w->file = maildrop_file(&p->drop, number + n, &w->size);
		octets += w->size;
		if (w->file == NULL || octets > SHELF_ROOM)
			break;
	}
	return n;
}

/* The letter among those that were fetched in advance; NULL: it is not. */
static const char *
take_ahead(struct pop3 *p, uint32_t number, size_t *length)
{
	struct ahead *a = &p->ahead;
	const char *data = NULL;

	while (a->next <= number &&
	       (data = mailbox_fetched_next(&a->letters, length)) != NULL)
		if (a->next++ == number)
			return data;
	outgoing_forget(p);
	return NULL;
}

/* Has the letter's octets, or a descriptor, come. */
static enum mailbox_result
fetch(struct outgoing *o, struct pop3 *p, const struct mailbox_letter *l,
    uint32_t number, int whole)
{
	struct mailbox_wanted wanted[MAILBOX_FETCH_MAX];
	enum mailbox_result result;
	size_t length;
	uint32_t n;

	o->data = take_ahead(p, number, &length);
	if (o->data == NULL) {
		wanted[0] = (struct mailbox_wanted){l->file, l->size};
		n = whole ? choose(p, l, number, wanted) : 1;
		result = mailbox_fetch(&p->box, wanted, n, whole,
		    &p->ahead.letters, clock_after(p->conf->helper));
		if (result != MAILBOX_OK)
			return result;
		p->ahead.next = number + 1;
		if (p->ahead.letters.fd != -1) {
			o->fd = p->ahead.letters.fd;
			p->ahead.letters.fd = -1;
			return MAILBOX_OK;
		}
		o->data = mailbox_fetched_next(&p->ahead.letters, &length);
	}
	o->size = o->at = o->filled = length;
	return MAILBOX_OK;
}

enum mailbox_result
outgoing_open(struct outgoing *o, struct pop3 *p, uint32_t number, int whole)
{
	struct mailbox_letter l;
	enum mailbox_result result;

	*o = (struct outgoing){
	    .fd = -1, .block = whole ? OUTGOING_BLOCK : OUTGOING_HEAD};
	if (maildrop_get(&p->drop, number, &l) == -1)
		return MAILBOX_TEMPORARY;
	result = fetch(o, p, &l, number, whole);
	if (result == MAILBOX_OK)
		result = begin(o, &l, whole);
	if (result != MAILBOX_OK) {
		log_warn("letter.unreadable", log_id("session", p->client->id),
		    log_text("box", p->name), log_text("file", l.file),
		    log_int("size", (int64_t)l.size),
		    log_int("found", (int64_t)o->size));
		outgoing_close(o, p);
	} else if (whole) {
		p->ahead.last = number;
	}
	return result;
}

/* Converts n octets of a small letter where they will be sent from. */
static void
send_small(struct outgoing *o, struct conn *c, struct letter *l, size_t n)
{
	const char *data = o->data;
	size_t room;
	char *to;

	while (n > 0 && (to = conn_room(c, ROOM_LEAST, &room)) != NULL)
		conn_wrote(c, letter_fill(l, &data, &n, to, room));
}

/* Likewise of a large one. */
static void
send_large(struct outgoing *o, struct conn *c, struct letter *l, size_t n)
{
	const char *data = o->data;

	while (n > 0 && conn_error(c) == 0)
		conn_write(
		    c, o->out, letter_fill(l, &data, &n, o->out, o->block));
}

static int
send_blocks(struct outgoing *o, struct pop3 *p, struct letter *l,
    struct letter_top *top)
{
	int got;

	/* Where a surrogate has taken all of the first block's place. */
	got = o->filled > 0 || o->at == o->size ? o->filled > 0 : read_block(o);
	for (; got == 1; got = read_block(o)) {
		size_t n = o->filled;

		if (top != NULL)
			n = letter_top_cut(top, o->data, n);
		if (o->out == NULL || n < CONN_BUFFER)
			send_small(o, &p->conn, l, n);
		else
			send_large(o, &p->conn, l, n);
		if (conn_error(&p->conn) != 0)
			return -1;
		if (o->at == o->size || (top != NULL && top->is_done))
			return 0;
		fiber_yield();
	}
	return got;
}

static void
send_head(const struct outgoing *o, struct conn *c, struct letter *l,
    struct letter_top *top)
{
	struct outgoing head = {.data = o->head};

	if (top != NULL)
		(void)letter_top_cut(top, o->head, o->head_length);
	send_small(&head, c, l, o->head_length);
}

/* A letter that is stored as it is sent. */
static int
send_wire(struct outgoing *o, struct pop3 *p)
{
	if (o->fd == -1)
		conn_write(&p->conn, o->data, o->filled);
	else if (conn_send_file(&p->conn, o->fd, 0, o->size) == -1)
		return -1;
	conn_puts(&p->conn, ".\r\n");
	return 0;
}

int
outgoing_send(struct outgoing *o, struct pop3 *p, struct letter_top *top)
{
	char end[LETTER_END];
	struct letter l;

	if (o->is_wire && top == NULL)
		return send_wire(o, p);
	letter_begin(&l);
	if (o->head != NULL)
		send_head(o, &p->conn, &l, top);
	if (send_blocks(o, p, &l, top) == -1) {
		if (conn_error(&p->conn) != 0)
			return -1;
		log_error("letter.broken", log_id("session", p->client->id),
		    log_text("box", p->name), log_errno(errno));
		p->end = "a letter can't be read";
		return -1;
	}
	conn_write(&p->conn, end, letter_end(&l, end));
	if (top == NULL && l.octets != o->octets)
		log_warn("letter.octets", log_id("session", p->client->id),
		    log_text("box", p->name),
		    log_int("announced", (int64_t)o->octets),
		    log_int("sent", (int64_t)l.octets));
	return 0;
}

void
outgoing_close(struct outgoing *o, struct pop3 *p)
{
	if (o->fd != -1)
		close(o->fd);
	o->fd = -1;
	free(o->in);
	free(o->head);
	o->in = o->out = o->head = NULL;
	if (p->ahead.letters.count == 0)
		outgoing_forget(p);
}

void
outgoing_forget(struct pop3 *p)
{
	mailbox_fetched_free(&p->ahead.letters);
	p->ahead.next = 0;
}
