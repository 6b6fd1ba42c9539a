#include "bulk_send.h"

#include "bulk_order.h"
#include "packet.h"
#include "progress.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What a request may hold, and what a row takes but its texts. */
#define REQUEST_MOST 60000
#define ROW_LEAST    64

/* Rows under way. */
struct sending {
	int fd;
	struct bulk *b;
	struct bulk_order order;
	uint8_t flags;
	int is_many; /* more than one request */
	struct bulk_sums *sums;
};

static size_t
row_size(const struct bulk_row *row)
{
	size_t size = ROW_LEAST + strlen(row->name);

	if (row->secret != NULL)
		size += strlen(row->secret);
	if (row->path != NULL)
		size += strlen(row->path);
	for (uint32_t i = 0; i < row->count; i++)
		size += 4 + strlen(row->list[i]);
	return size;
}

static int
is_plain(const struct bulk_row *row)
{
	return row->fields & WIRE_IMPORT_PASSWORD &&
	       row->way == WIRE_IMPORT_PLAIN_TEXT;
}

/* How many of the rows from `from` on make a request: 1 or more. */
static size_t
count_batch(const struct sending *s, size_t from)
{
	size_t n, octets = 0;
	unsigned plain = 0;

	for (n = 0; n < WIRE_IMPORT_ROWS && from + n < s->b->count; n++) {
		const struct bulk_row *row = s->order.rows[from + n];

		octets += row_size(row);
		plain += is_plain(row) != 0;
		if (n > 0 &&
		    (octets > REQUEST_MOST || plain > WIRE_IMPORT_PLAIN))
			break;
	}
	return n;
}

static void
put_list(struct packet *p, const struct bulk_row *row)
{
	packet_put_u32(p, row->count);
	for (uint32_t i = 0; i < row->count; i++)
		packet_put_text(p, row->list[i]);
}

static void
put_user(struct packet *p, const struct bulk_row *row)
{
	if (row->fields & WIRE_IMPORT_PASSWORD) {
		packet_put_u8(p, row->way);
		if (row->way == WIRE_IMPORT_HASH || is_plain(row))
			packet_put_text(p, row->secret);
	}
	if (row->fields & WIRE_IMPORT_QUOTA) {
		packet_put_u8(p, row->own);
		packet_put_u64(p, row->octets);
		packet_put_u64(p, row->messages);
	}
	if (row->fields & WIRE_IMPORT_SENDERS)
		put_list(p, row);
	if (row->fields & WIRE_IMPORT_SYSTEM) {
		packet_put_u32(p, row->uid);
		packet_put_u32(p, row->gid);
		packet_put_text(p, row->path);
	}
}

static void
put_row(struct packet *p, const struct bulk_row *row, int is_loose)
{
	packet_put_u8(p, row->kind);
	packet_put_u8(
	    p, (uint8_t)(row->fields | (is_loose ? WIRE_IMPORT_LOOSE : 0)));
	packet_put_text(p, row->name);
	if (row->kind == WIRE_IMPORT_USER)
		put_user(p, row);
	else if (row->kind == WIRE_IMPORT_ALIAS)
		put_list(p, row);
}

/* Counts what became of the rows, and complains of those that were refused. */
static enum client_exit
take_reply(struct sending *s, size_t from, size_t n, struct packet *reply)
{
	size_t became[WIRE_IMPORT_RESULTS] = {0};
	const struct bulk_row *row;
	char why[WIRE_IMPORT_WHY_MAX];
	enum client_exit code;
	uint8_t one;

	if (packet_get_u32(reply) != n)
		reply->error = EBADMSG;
	for (size_t i = 0; i < n && reply->error == 0; i++) {
		one = packet_get_u8(reply);
		packet_get_text(reply, why, sizeof(why));
		if (one >= WIRE_IMPORT_RESULTS)
			reply->error = EBADMSG;
		if (reply->error != 0)
			break;
		became[one]++;
		row = s->order.rows[from + i];
		if (one == WIRE_IMPORT_REFUSED)
			bulk_complain(
			    s->b, row->line, "%s: %s", row->name, why);
	}
	if ((code = client_end(reply)) != CLIENT_OK)
		return code;
	/* One that is refused undoes the others. */
	if (became[WIRE_IMPORT_REFUSED] > 0 && !(s->flags & WIRE_IMPORT_DRY))
		became[WIRE_IMPORT_ADDED] = became[WIRE_IMPORT_CHANGED] = 0;
	for (int i = 0; i < WIRE_IMPORT_RESULTS; i++)
		s->sums->became[i] += became[i];
	return CLIENT_OK;
}

static enum client_exit
send_batch(struct sending *s, size_t from, size_t n)
{
	struct packet request, reply;
	enum client_exit code;
	int is_dry = (s->flags & WIRE_IMPORT_DRY) != 0;

	packet_init(&request, WIRE_IMPORT);
	packet_init(&reply, 0);
	packet_put_u8(&request, s->flags);
	packet_put_u32(&request, (uint32_t)n);
	for (size_t i = from; i < from + n; i++)
		put_row(&request, s->order.rows[i],
		    is_dry && s->is_many && s->order.needs[i]);
	code = client_call(s->fd, &request, &reply);
	if (code == CLIENT_OK)
		code = take_reply(s, from, n, &reply);
	packet_free(&request);
	packet_free(&reply);
	return code;
}

/* All rows: tried, or for good, up to the first request that is refused. */
static enum client_exit
send_all(struct sending *s, const char *what)
{
	enum client_exit code = CLIENT_OK;
	size_t from, n;

	*s->sums = (struct bulk_sums){.is_partly = 0};
	progress_begin(what, "lines", s->b->count);
	for (from = 0; from < s->b->count && code == CLIENT_OK; from += n) {
		n = count_batch(s, from);
		progress_step(from);
		code = send_batch(s, from, n);
		if (code == CLIENT_OK &&
		    s->sums->became[WIRE_IMPORT_REFUSED] > 0 &&
		    !(s->flags & WIRE_IMPORT_DRY))
			code = CLIENT_REFUSED;
		if (code != CLIENT_OK && !(s->flags & WIRE_IMPORT_DRY))
			s->sums->is_partly = from > 0;
	}
	progress_end();
	if (code == CLIENT_OK && s->sums->became[WIRE_IMPORT_REFUSED] > 0)
		code = CLIENT_REFUSED;
	return code;
}

enum client_exit
bulk_send(int fd, struct bulk *b, uint8_t flags, struct bulk_sums *sums)
{
	struct sending s = {.fd = fd, .b = b, .flags = flags, .sums = sums};
	enum client_exit code = CLIENT_OK;

	*sums = (struct bulk_sums){.is_partly = 0};
	if (bulk_order_make(&s.order, b) == -1)
		return CLIENT_TEMPORARY;
	/* Each password in clear takes a hash. */
	client_wait(CLIENT_HOUR);
	s.is_many = count_batch(&s, 0) < b->count;
	if (s.is_many && !(flags & WIRE_IMPORT_DRY)) {
		s.flags |= WIRE_IMPORT_DRY;
		code = send_all(&s, "checking");
		s.flags = flags;
	}
	if (code == CLIENT_OK)
		code = send_all(
		    &s, flags & WIRE_IMPORT_DRY ? "checking" : "importing");
	bulk_order_free(&s.order);
	return code;
}
