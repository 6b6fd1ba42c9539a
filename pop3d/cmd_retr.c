/* Letters: RETR and TOP (RFC 1939 5 and 7). */
#include "command.h"

#include "meter.h"
#include "outgoing.h"
#include "reply.h"
#include "seen.h"
#include "transfer.h"

#include <inttypes.h>

static enum next
refuse(struct pop3 *p, uint64_t number, enum mailbox_result result)
{
	if (result == MAILBOX_NO_LETTER)
		return reply_refuse(p,
		    "message %" PRIu64 " was removed by another program",
		    number);
	return reply_temporary(p, "can't read the message");
}

/* RFC 6856 2.1: has what is fetched as ASCII, for a client that did not ask for
 * UTF-8, where the conf wants that.  0, or -1 after a refusal. */
static int
downgrade(struct pop3 *p, struct outgoing *o)
{
	int result = 0;

	if (p->conf->is_downgrading && !p->is_utf8)
		result = outgoing_downgrade(o);
	if (result == 0)
		return 0;
	outgoing_close(o, p);
	/* RFC 6856 5. */
	if (result == 1)
		reply_refuse(p, "[UTF8] too long a head for ASCII");
	else
		reply_temporary(p, "can't read the message");
	return -1;
}

/* RETR msg -- RFC 1939 5. */
enum next
pop3_cmd_retr(struct pop3 *p, const struct argument *a)
{
	enum mailbox_result result;
	struct outgoing o;
	int sent;

	if (!maildrop_has(&p->drop, a->number))
		return reply_no_message(p, a->number);
	result = outgoing_open(&o, p, (uint32_t)a->number, 1);
	if (result != MAILBOX_OK)
		return refuse(p, a->number, result);
	if (outgoing_measure(&o) == -1) {
		outgoing_close(&o, p);
		return refuse(p, a->number, MAILBOX_TEMPORARY);
	}
	if (downgrade(p, &o) == -1)
		return NEXT_CMD;

	reply_ok(p, "%" PRIu64 " octets", o.octets);
	sent = outgoing_send(&o, p, NULL);
	outgoing_close(&o, p);
	if (sent == -1)
		return NEXT_DROP;
	p->retrieved++;
	p->retrieved_octets += o.octets;
	meter_add(METER_RETRIEVED, 1);
	meter_add(METER_RETRIEVED_OCTETS, o.octets);
	seen_note(p, (uint32_t)a->number);
	transfer_log(p, "letter.retrieved", (uint32_t)a->number);
	return NEXT_CMD;
}

/* TOP msg n -- RFC 1939 7. */
enum next
pop3_cmd_top(struct pop3 *p, const struct argument *a)
{
	enum mailbox_result result;
	struct letter_top top;
	struct outgoing o;
	int sent;

	if (!maildrop_has(&p->drop, a->number))
		return reply_no_message(p, a->number);
	/* A head is downgraded as a whole. */
	result = outgoing_open(
	    &o, p, (uint32_t)a->number, p->conf->is_downgrading && !p->is_utf8);
	if (result != MAILBOX_OK)
		return refuse(p, a->number, result);
	if (downgrade(p, &o) == -1)
		return NEXT_CMD;

	letter_top_begin(&top, a->lines);
	reply_ok(p, "top of message follows");
	sent = outgoing_send(&o, p, &top);
	outgoing_close(&o, p);
	return sent == 0 ? NEXT_CMD : NEXT_DROP;
}
