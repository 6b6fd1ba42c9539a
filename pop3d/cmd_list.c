/* What is in the maildrop: STAT, LIST, UIDL (RFC 1939 5 and 7). */
#include "command.h"

#include "fiber.h"
#include "reply.h"

#include <inttypes.h>

/* Lines of a long list after which others may run. */
#define LINES_AT_A_TIME 1024

/* STAT -- RFC 1939 5: exactly so, and without the deleted ones. */
enum next
pop3_cmd_stat(struct pop3 *p, const struct argument *a)
{
	(void)a;
	conn_printf(&p->conn, "+OK %" PRIu32 " %" PRIu64 "\r\n", p->drop.left,
	    p->drop.octets);
	return NEXT_CMD;
}

static int
list_one(struct pop3 *p, uint32_t number, const char *prefix)
{
	uint64_t octets;

	if (maildrop_octets(&p->drop, number, &octets) == -1)
		return -1;
	conn_printf(
	    &p->conn, "%s%" PRIu32 " %" PRIu64 "\r\n", prefix, number, octets);
	return 0;
}

static int
uidl_one(struct pop3 *p, uint32_t number, const char *prefix)
{
	struct mailbox_letter l;

	if (maildrop_get(&p->drop, number, &l) == -1)
		return -1;
	conn_printf(&p->conn, "%s%" PRIu32 " %s\r\n", prefix, number, l.uidl);
	return 0;
}

/* One message's line, or those of all that are not deleted. */
static enum next
tell(struct pop3 *p, const struct argument *a,
    int (*one)(struct pop3 *p, uint32_t number, const char *prefix))
{
	const struct maildrop *drop = &p->drop;

	if (a->given) {
		if (!maildrop_has(drop, a->number))
			return reply_no_message(p, a->number);
		if (one(p, (uint32_t)a->number, "+OK ") == -1)
			return reply_damaged(p);
		return NEXT_CMD;
	}
	reply_ok(p, "%" PRIu32 " messages (%" PRIu64 " octets)", drop->left,
	    drop->octets);
	for (uint32_t n = 1; n <= drop->count; n++) {
		/* Half a list is none. */
		if (maildrop_has(drop, n) && one(p, n, "") == -1)
			return NEXT_DROP;
		if (n % LINES_AT_A_TIME != 0)
			continue;
		if (conn_error(&p->conn) != 0)
			return NEXT_DROP;
		fiber_yield();
	}
	conn_puts(&p->conn, ".\r\n");
	return NEXT_CMD;
}

/* LIST [msg] -- RFC 1939 5. */
enum next
pop3_cmd_list(struct pop3 *p, const struct argument *a)
{
	return tell(p, a, list_one);
}

/* UIDL [msg] -- RFC 1939 7. */
enum next
pop3_cmd_uidl(struct pop3 *p, const struct argument *a)
{
	return tell(p, a, uidl_one);
}
