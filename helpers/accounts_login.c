#include "accounts_login.h"

#include "accounts.h"
#include "accounts_admin.h"
#include "accounts_ticket.h"
#include "clock.h"
#include "helper.h"
#include "login.h"
#include "packet.h"
#include "sender.h"
#include "server.h"
#include "settings.h"

#include <string.h>

#define LOGIN_TIME (20 * CLOCK_SECOND)

/* Too large for a fiber's stack; nothing waits while they are in use. */
static struct record_targets targets;

int
answer_sender(struct request *q)
{
	char name[WIRE_NAME_MAX], address[WIRE_ADDRESS_MAX];
	struct packet fields;

	packet_get_text(&q->packet, name, sizeof(name));
	packet_get_text(&q->packet, address, sizeof(address));
	if (packet_end(&q->packet) == -1)
		return -1;
	switch (sender_check(&accounts.directory,
	    (enum sender_rule)accounts.helper->conf->send_as, name, address,
	    &targets)) {
	case DIRECTORY_OK:
		request_reply(&q, PACKET_OK, NULL);
		break;
	case DIRECTORY_FAILED:
		accounts_fail(&q);
		break;
	default:
		packet_init(&fields, WIRE_SENDER);
		packet_put_u8(&fields, SASL_DENIED);
		request_reply(&q, PACKET_REFUSED, &fields);
		packet_free(&fields);
	}
	return 0;
}

/* What the request of an older pop3d was: no client's address, no exchange. */
int
answer_verify(struct request *q)
{
	char user[WIRE_NAME_MAX], password[WIRE_PASSWORD_MAX];
	unsigned char ticket[WIRE_TICKET_SIZE];
	enum sasl_result result;
	struct packet fields;
	struct login l;

	packet_get_text(&q->packet, user, sizeof(user));
	packet_get_text(&q->packet, password, sizeof(password));
	if (packet_end(&q->packet) == -1) {
		explicit_bzero(password, sizeof(password));
		return -1;
	}
	result = login_find(&l, user, user);
	if (result == SASL_OK)
		result = login_password(&l, password, clock_after(LOGIN_TIME));
	explicit_bzero(password, sizeof(password));
	packet_init(&fields, WIRE_VERIFY);
	if (result == SASL_OK && accounts_ticket_give(l.name, ticket) == 0) {
		packet_put_text(&fields, l.name);
		packet_put_data(&fields, ticket, sizeof(ticket));
		request_reply(&q, PACKET_OK, &fields);
	} else if (result == SASL_DENIED) {
		packet_put_u8(&fields, ACCOUNTS_DENIED);
		request_reply(&q, PACKET_REFUSED, &fields);
	} else {
		request_reply(&q, PACKET_TEMPORARY, NULL);
	}
	packet_free(&fields);
	explicit_bzero(ticket, sizeof(ticket));
	login_wipe(&l);
	return 0;
}
