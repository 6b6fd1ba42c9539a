#include "transfer.h"

#include "fiber.h"
#include "log.h"

/* Lines after which others get their turn. */
#define TURN 64

void
transfer_log(struct pop3 *p, const char *event, uint32_t number)
{
	struct mailbox_letter l;

	if (!p->conf->transfers || maildrop_get(&p->drop, number, &l) == -1)
		return;
	log_info(event, log_id("session", p->client->id),
	    log_text("box", p->name), log_text("uidl", l.uidl),
	    log_int("octets", (int64_t)l.octets));
}

void
transfer_log_deleted(struct pop3 *p)
{
	if (!p->conf->transfers || p->drop.marks == NULL)
		return;
	for (uint32_t n = 1; n <= p->drop.count; n++) {
		if (maildrop_has(&p->drop, n))
			continue;
		transfer_log(p, "letter.deleted", n);
		if (n % TURN == 0)
			fiber_yield();
	}
}
