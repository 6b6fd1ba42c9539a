/* What is in the maildrop: STAT, LIST, UIDL (RFC 1939 5 and 7). */
#include "command.h"

#include "fiber.h"
#include "reply.h"

#include <inttypes.h>
#include <string.h>

/* Lines of a long list after which others may run. */
#define LINES_AT_A_TIME 1024

/* STAT -- RFC 1939 5: exactly so, and without the deleted ones. */
enum next
pop3_cmd_stat(struct pop3 *p, const struct argument *a)
{
	(void)a;
	reply_count_ok();
	conn_printf(&p->conn, "+OK %" PRIu32 " %" PRIu64 "\r\n", p->drop.left,
	    p->drop.octets);
	return NEXT_CMD;
}

/* A line of a list: "+OK ", two numbers, or one and a unique id. */
#define LIST_LINE (4 + NUMBER + 1 + 70 + 2 + 1)
/* Digits of a number at most. */
#define NUMBER 20

/* Appends a number in decimal digits; a list of 100,000 has as many of them,
 * and printf would take most of its time. */
static char *
put_number(char *to, uint64_t n)
{
	char *end = to + 1;
	uint64_t more = 10;

	for (; end < to + NUMBER && n >= more; more *= 10)
		end++;
	to = end;
	do
		*--to = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	return end;
}

/* Begins a line of a list in the connection's buffer: where it goes on; NULL
 * after a failure, which the connection keeps. */
static char *
begin_line(struct pop3 *p, uint32_t number, const char *prefix, char **line)
{
	size_t room;
	char *to;

	if ((*line = conn_room(&p->conn, LIST_LINE, &room)) == NULL)
		return NULL;
	to = put_number(stpcpy(*line, prefix), number);
	*to++ = ' ';
	return to;
}

static void
end_line(struct pop3 *p, const char *line, char *to)
{
	*to++ = '\r';
	*to++ = '\n';
	conn_wrote(&p->conn, (size_t)(to - line));
}

static int
list_one(struct pop3 *p, uint32_t number, const char *prefix)
{
	uint64_t octets;
	char *line, *to;

	if (maildrop_octets(&p->drop, number, &octets) == -1)
		return -1;
	if ((to = begin_line(p, number, prefix, &line)) != NULL)
		end_line(p, line, put_number(to, octets));
	return 0;
}

static int
uidl_one(struct pop3 *p, uint32_t number, const char *prefix)
{
	size_t length;
	const char *uidl = maildrop_uidl(&p->drop, number, &length);
	char *line, *to;

	if (uidl == NULL)
		return -1;
	if ((to = begin_line(p, number, prefix, &line)) != NULL)
		end_line(p, line, mempcpy(to, uidl, length));
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
		reply_count_ok();
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
