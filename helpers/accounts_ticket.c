#include "accounts_ticket.h"

#include "accounts_admin.h"
#include "accounts_link.h"
#include "accounts_owner.h"
#include "clock.h"
#include "directory_user.h"
#include "helper.h"
#include "log.h"
#include "packet.h"
#include "settings.h"
#include "share.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TICKET_TIME (60 * CLOCK_SECOND)
#define TELL_TIME   (10 * CLOCK_SECOND)

/* The ticket's first octet says which mailbox helper knows it. */
static int
tell_mailbox(const struct accounts_owner *o, const char *name,
    unsigned char ticket[WIRE_TICKET_SIZE])
{
	const struct helper *h = accounts.helper;
	struct packet tell;
	unsigned share;
	int sent;

	if (getentropy(ticket, WIRE_TICKET_SIZE) == -1) {
		log_error("ticket.random", log_errno(errno));
		return -1;
	}
	share = share_of(h->conf->mail_root, o->path, h->mailboxes);
	ticket[0] = (unsigned char)share;
	packet_init(&tell, WIRE_TICKET);
	packet_put_data(&tell, ticket, WIRE_TICKET_SIZE);
	packet_put_text(&tell, name);
	packet_put_u32(&tell, o->uid);
	packet_put_u32(&tell, o->gid);
	packet_put_text(&tell, o->path);
	packet_put_u64(&tell, (uint64_t)clock_after(TICKET_TIME));
	sent = accounts_link_tell(
	    accounts.links[share], &tell, name, clock_after(TELL_TIME));
	if (tell.data != NULL)
		explicit_bzero(tell.data, tell.length);
	packet_free(&tell);
	return sent;
}

int
accounts_ticket_give(const char *name, unsigned char ticket[WIRE_TICKET_SIZE])
{
	enum directory_result result;
	struct accounts_owner o;
	struct record_user user;
	struct address a;
	int found = -1;

	result = directory_user(&accounts.directory, name, &a, &user);
	if (result == DIRECTORY_OK)
		found = accounts_owner_find(accounts.helper, &a, &user, &o);
	else if (result == DIRECTORY_NO_USER)
		log_info("login.user_gone", log_text("name", name));
	explicit_bzero(&user, sizeof(user));
	if (found == -1)
		return -1;
	return tell_mailbox(&o, name, ticket);
}
