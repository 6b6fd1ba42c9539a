/*
 * sasl_talk -- the wire of SASL exchanges, as a client process would speak it,
 * for tests that ask accounts (helpers_accounts_child.h).
 */
#ifndef SASL_TALK_H
#define SASL_TALK_H

#include "helpers_accounts_child.h"
#include "sasl.h"

/* What the helper answered last. */
static struct {
	int status; /* of the packet */
	int result; /* enum sasl_result; SASL_TEMPORARY where there is none */
	uint32_t handle, delay;
	size_t length, ticket_length;
	char challenge[WIRE_SASL_MAX + 1];
	char name[WIRE_NAME_MAX];
	unsigned char ticket[WIRE_TICKET_SIZE];
} said;

static const unsigned char an_exporter[32] = "an exported key of this session";
static const unsigned char an_end_point[32] = "a hash of the server's own cert";

/* A channel under TLS with both bindings. */
static struct sasl_channel channel;

static inline void
sasl_talk_reset(void)
{
	memset(&channel, 0, sizeof(channel));
	channel.is_tls = 1;
	channel.exporter_length = channel.end_point_length = 32;
	memcpy(channel.exporter, an_exporter, 32);
	memcpy(channel.end_point, an_end_point, 32);
	strcpy(channel.client, "192.0.2.1");
	strcpy(channel.host, "mx.example.org");
}

static inline void
sasl_talk_read(struct packet *reply)
{
	const void *data;

	memset(
	    &said.result, 0, sizeof(said) - offsetof(__typeof__(said), result));
	said.result = SASL_TEMPORARY;
	if (said.status == PACKET_OK) {
		said.result = packet_get_u8(reply);
		if (said.result == SASL_CHALLENGE) {
			said.handle = packet_get_u32(reply);
			data =
			    packet_get_data(reply, WIRE_SASL_MAX, &said.length);
			memcpy(said.challenge, data, said.length);
		} else {
			packet_get_text(reply, said.name, sizeof(said.name));
			data = packet_get_data(
			    reply, WIRE_TICKET_SIZE, &said.ticket_length);
			memcpy(said.ticket, data, said.ticket_length);
		}
	} else if (said.status == PACKET_REFUSED) {
		said.result = packet_get_u8(reply);
		said.delay = packet_get_u32(reply);
	}
	assert_int_equal(packet_end(reply), 0);
	packet_free(reply);
}

/* initial NULL: none; length -1: of the text. */
static inline int
begin(int fd, const char *mechanism, const void *initial, long length)
{
	size_t n = initial == NULL ? 0
		   : length < 0	   ? strlen(initial)
				   : (size_t)length;
	struct packet request, reply;

	packet_init(&request, WIRE_SASL_BEGIN);
	packet_put_text(&request, mechanism);
	packet_put_u8(&request, (uint8_t)channel.is_tls);
	packet_put_data(&request, channel.exporter, channel.exporter_length);
	packet_put_data(&request, channel.end_point, channel.end_point_length);
	packet_put_text(&request, channel.certificate);
	packet_put_text(&request, channel.client);
	packet_put_text(&request, channel.host);
	packet_put_u8(&request, initial != NULL);
	packet_put_data(&request, initial, n);
	said.status = ask(fd, &request, &reply);
	sasl_talk_read(&reply);
	return said.result;
}

static inline int
next(int fd, const void *response, long length)
{
	struct packet request, reply;

	packet_init(&request, WIRE_SASL_STEP);
	packet_put_u32(&request, said.handle);
	packet_put_data(
	    &request, response, length < 0 ? strlen(response) : (size_t)length);
	said.status = ask(fd, &request, &reply);
	sasl_talk_read(&reply);
	return said.result;
}

static inline int
cancel(int fd)
{
	struct packet request, reply;
	int status;

	packet_init(&request, WIRE_SASL_CANCEL);
	packet_put_u32(&request, said.handle);
	status = ask(fd, &request, &reply);
	assert_int_equal(packet_end(&reply), 0);
	packet_free(&reply);
	return status;
}

/* The domain, and a user with this password. */
static inline void
add_user(const char *name, const char *password)
{
	int admin = connect_to("admin");
	struct packet tell;

	ask_texts(admin, WIRE_DOMAIN_ADD, "example.org", NULL);
	assert_int_equal(
	    ask_texts(admin, WIRE_USER_ADD, name, password), PACKET_OK);
	assert_int_equal(receive(tell_end, &tell), 1);
	packet_free(&tell);
	close(admin);
}

/* Checks that mailbox was given the ticket that pop3d got. */
static inline void
expect_ticket(void)
{
	struct packet tell;
	size_t length;
	const void *ticket;

	assert_int_equal(said.ticket_length, WIRE_TICKET_SIZE);
	assert_int_equal(receive(tell_end, &tell), 1);
	assert_int_equal(tell.head.type, WIRE_TICKET);
	ticket = packet_get_data(&tell, WIRE_TICKET_SIZE, &length);
	assert_memory_equal(ticket, said.ticket, WIRE_TICKET_SIZE);
	packet_free(&tell);
}

#endif
