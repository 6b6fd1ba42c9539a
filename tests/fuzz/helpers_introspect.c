/*
 * helpers_introspect -- the table of the introspection helper, and what its
 * program says: the program is cat, which says what the token is, so that any
 * octets come as an answer.  A name is only what RFC 7628 3.1 would take for
 * one: no control, no blank.
 *
 * Input: a request; its kind, and what stands in it.
 */
#include "../../helpers/introspect.c"

#include "table.h"

static char program[] = "/bin/cat";
static struct helpers_conf conf = {.token_program = program};
static const struct helper own = {.conf = &conf};

static void
check(struct packet *reply)
{
	char name[WIRE_NAME_MAX];
	uint8_t result;

	if (reply->head.status != PACKET_OK)
		abort();
	result = packet_get_u8(reply);
	packet_get_text(reply, name, sizeof(name));
	if (packet_end(reply) == -1 || result > TOKEN_FAILED ||
	    (result == TOKEN_GOOD) != (name[0] != '\0'))
		abort();
	for (size_t i = 0; name[i] != '\0'; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f)
			abort();
}

static void
first_fiber(void *arg)
{
	int fd = table_attach(&server, ROLE_ACCOUNTS);
	const uint8_t kind = table_u8();
	char token[WIRE_SASL_MAX] = "active ";
	const uint8_t *octets;
	struct packet p;
	size_t length;

	(void)arg;
	packet_init(&p, WIRE_TOKEN_ASK);
	if (kind < 200) {
		octets = table_octets(sizeof(token) - 8, &length);
		memcpy(token + 7, octets, length);
		packet_put_data(&p, kind < 150 ? token : token + 7,
		    length + (kind < 150 ? 7 : 0));
	} else {
		table_put_raw(&p);
	}
	table_spoil(&p);
	table_send(fd, &p, check);
	table_end(fd, check);
	worker_stop();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	helper = &own;
	return table_run(data, size, first_fiber);
}
