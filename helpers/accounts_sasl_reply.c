#include "accounts_sasl_reply.h"

#include "accounts_ticket.h"
#include "packet.h"
#include "server.h"

#include <string.h>

void
accounts_sasl_reply_refused(
    struct request **q, enum sasl_result result, unsigned delay)
{
	struct packet fields;

	packet_init(&fields, (*q)->packet.head.type);
	packet_put_u8(&fields, (uint8_t)result);
	packet_put_u32(&fields, delay);
	request_reply(q, PACKET_REFUSED, &fields);
	packet_free(&fields);
}

void
accounts_sasl_reply_challenge(
    struct request **q, uint32_t handle, const void *data, size_t length)
{
	struct packet fields;

	packet_init(&fields, (*q)->packet.head.type);
	packet_put_u8(&fields, SASL_CHALLENGE);
	packet_put_u32(&fields, handle);
	packet_put_data(&fields, data, length);
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}

/* A taken-over smtpd shall open no mailbox, so it gets no ticket. */
void
accounts_sasl_reply_ok(struct request **q, const struct login *l)
{
	unsigned char ticket[WIRE_TICKET_SIZE];
	int is_pop3d = request_role(*q) == ROLE_POP3D;
	struct packet fields;

	if (is_pop3d && accounts_ticket_give(l->name, ticket) == -1) {
		request_reply(q, PACKET_TEMPORARY, NULL);
		return;
	}
	packet_init(&fields, (*q)->packet.head.type);
	packet_put_u8(&fields, SASL_OK);
	packet_put_text(&fields, l->name);
	packet_put_data(&fields, ticket, is_pop3d ? sizeof(ticket) : 0);
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
	explicit_bzero(ticket, sizeof(ticket));
}

/* No ticket for the mailbox here. */
void
accounts_sasl_reply_backend(
    struct request **q, const struct login *l, uint32_t handle)
{
	const struct record_backend *b = &l->user.backend;
	struct packet fields;

	packet_init(&fields, (*q)->packet.head.type);
	packet_put_u8(&fields, SASL_BACKEND);
	packet_put_u32(&fields, handle);
	packet_put_text(&fields, l->name);
	packet_put_text(&fields, b->host);
	packet_put_u32(&fields, b->port);
	packet_put_u8(&fields, b->tls);
	packet_put_text(&fields, b->user[0] != '\0' ? b->user : l->name);
	packet_put_text(&fields, l->password);
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}
