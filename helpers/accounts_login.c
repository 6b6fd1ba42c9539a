#include "accounts_login.h"

#include "accounts.h"
#include "accounts_admin.h"
#include "helper.h"
#include "packet.h"
#include "sasl.h"
#include "sender.h"
#include "server.h"
#include "settings.h"

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
