/* What becomes of the maildrop: DELE, RSET, NOOP, QUIT (RFC 1939 5 and 6). */
#include "command.h"

#include "clock.h"
#include "log.h"
#include "meter.h"
#include "reply.h"
#include "transfer.h"

#include <inttypes.h>
#include <stdlib.h>

/* Letters that are removed at a time. */
struct removal {
	const char *pointers[WIRE_EXPUNGE_MAX];
	char files[WIRE_EXPUNGE_MAX][WIRE_FILE_MAX];
};

/* DELE msg -- RFC 1939 5. */
enum next
pop3_cmd_dele(struct pop3 *p, const struct argument *a)
{
	if (!maildrop_has(&p->drop, a->number))
		return reply_no_message(p, a->number);
	/* RFC 3206 4: it will be no better next time. */
	if (p->is_read_only)
		return reply_refuse(p, "[SYS/PERM] this maildrop is read-only");
	if (maildrop_mark(&p->drop, (uint32_t)a->number) == -1)
		return p->drop.is_damaged ? reply_damaged(p)
					  : reply_temporary(p, "no memory");
	reply_ok(p, "message %" PRIu64 " deleted", a->number);
	return NEXT_CMD;
}

/* RSET -- RFC 1939 5. */
enum next
pop3_cmd_rset(struct pop3 *p, const struct argument *a)
{
	(void)a;
	maildrop_reset(&p->drop);
	reply_ok(p, "%" PRIu32 " messages (%" PRIu64 " octets)", p->drop.left,
	    p->drop.octets);
	return NEXT_CMD;
}

/* NOOP -- RFC 1939 5. */
enum next
pop3_cmd_noop(struct pop3 *p, const struct argument *a)
{
	(void)p;
	(void)a;
	reply_count_ok();
	conn_puts(&p->conn, "+OK\r\n");
	return NEXT_CMD;
}

/*
 * RFC 1939 6: removes what is marked, and nothing else; each request is durable
 * when it returns, and has a deadline of its own.
 */
static enum mailbox_result
expunge(struct pop3 *p)
{
	enum mailbox_result result = MAILBOX_OK;
	struct removal *r;
	uint32_t at = 1;
	int n = 0;

	if (p->drop.marks == NULL)
		return MAILBOX_OK;
	if ((r = malloc(sizeof(*r))) == NULL)
		return MAILBOX_TEMPORARY;
	for (int i = 0; i < WIRE_EXPUNGE_MAX; i++)
		r->pointers[i] = r->files[i];
	while (result == MAILBOX_OK && (n = maildrop_marked(&p->drop, &at,
					    r->files, WIRE_EXPUNGE_MAX)) > 0) {
		result = mailbox_expunge(&p->box, r->pointers, (uint32_t)n,
		    clock_after(p->conf->helper));
		if (result == MAILBOX_OK) {
			p->deleted += (uint32_t)n;
			meter_add(METER_DELETED, (uint64_t)n);
		}
	}
	free(r);
	return n == -1 ? MAILBOX_TEMPORARY : result;
}

/* QUIT -- RFC 1939 4, and 6 where there is something to update. */
enum next
pop3_cmd_quit(struct pop3 *p, const struct argument *a)
{
	enum mailbox_result result = MAILBOX_OK;
	uint32_t left = p->drop.left;

	(void)a;
	p->end = "quit";
	if (p->state == AUTHORIZATION) {
		reply_ok(p, "bye");
		return NEXT_QUIT;
	}
	result = expunge(p);
	if (result == MAILBOX_OK) {
		p->deleted_octets = p->drop.total - p->drop.octets;
		transfer_log_deleted(p);
	}
	/* The maildrop is free before the client can know, so that it may come
	 * back at once. */
	session_close_maildrop(p);
	if (result != MAILBOX_OK) {
		log_error("expunge.failed", log_id("session", p->client->id),
		    log_int("result", result));
		p->end = "expunge failed";
		reply_temporary(p, "some deleted messages were not removed");
		return NEXT_QUIT;
	}
	reply_ok(p, "bye, %" PRIu32 " messages left", left);
	return NEXT_QUIT;
}
