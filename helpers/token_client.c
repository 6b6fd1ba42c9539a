#include "token_client.h"

#include "accounts_admin.h"
#include "log.h"
#include "packet.h"
#include "pool.h"
#include "token.h"

#include <errno.h>
#include <string.h>

static enum sasl_result
read_reply(struct packet *reply, char *name)
{
	uint8_t result = packet_get_u8(reply);

	packet_get_text(reply, name, WIRE_NAME_MAX);
	if (reply->head.status != PACKET_OK || packet_end(reply) == -1)
		return SASL_TEMPORARY;
	switch (result) {
	case TOKEN_GOOD:
		return SASL_OK;
	case TOKEN_BAD:
		return SASL_DENIED;
	default:
		return SASL_TEMPORARY;
	}
}

enum sasl_result
token_client_verify(const struct delay_who *who, const char *token, char *name,
    int64_t deadline)
{
	enum sasl_result result = SASL_TEMPORARY;
	struct packet request, reply;
	int has_program = accounts.program != NULL;

	packet_init(&request, has_program ? WIRE_TOKEN_ASK : WIRE_HASH_TOKEN);
	packet_init(&reply, 0);
	packet_put_text(&request, token);
	if (pool_call(has_program ? accounts.program : accounts.pool, who,
		&request, &reply, deadline) == 0)
		result = read_reply(&reply, name);
	else
		log_warn("token.pool", log_errno(errno));
	packet_free(&request);
	packet_free(&reply);
	return result;
}
