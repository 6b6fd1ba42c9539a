#include "accounts.h"

#include "device.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Asks, and reads the status: ACCOUNTS_OK leaves the fields in reply.  Frees
 * the request.
 */
static enum accounts_result
ask(struct device *d, struct packet *request, struct packet *reply, int flags,
    int64_t deadline)
{
	enum accounts_result result = ACCOUNTS_TEMPORARY;

	if (device_call(d, request, reply, flags, deadline) == -1) {
		log_info("accounts.failed", log_int("type", request->head.type),
		    log_errno(errno));
		packet_free(request);
		return ACCOUNTS_TEMPORARY;
	}
	packet_free(request);
	switch (reply->head.status) {
	case PACKET_OK:
		return ACCOUNTS_OK;
	case PACKET_REFUSED:
		result = packet_get_u8(reply);
		if (result == ACCOUNTS_OK || result >= ACCOUNTS_TEMPORARY)
			reply->error = EBADMSG;
		break;
	case PACKET_TEMPORARY:
		break;
	default:
		reply->error = EBADMSG;
	}
	if (packet_end(reply) == 0)
		return result;
	device_malformed(d, reply->head.type);
	return ACCOUNTS_TEMPORARY;
}

static enum accounts_result
read_targets(struct packet *reply, struct accounts_targets *targets)
{
	uint32_t count = packet_get_u32(reply);

	if (count == 0 || count > WIRE_TARGETS_MAX) {
		reply->error = EBADMSG;
		return ACCOUNTS_TEMPORARY;
	}
	if ((targets->names = calloc(count, sizeof(*targets->names))) == NULL)
		return ACCOUNTS_TEMPORARY;
	targets->count = count;
	for (uint32_t i = 0; i < count; i++)
		packet_get_text(
		    reply, targets->names[i], sizeof(targets->names[i]));
	targets->limited = packet_get_u8(reply) != 0;
	targets->crlf = packet_get_u8(reply) != 0;
	if (packet_end(reply) == 0)
		return ACCOUNTS_OK;
	accounts_targets_free(targets);
	return ACCOUNTS_TEMPORARY;
}

enum accounts_result
accounts_lookup(struct device *d, const char *address,
    const struct accounts_sender *sender, struct accounts_targets *targets,
    int64_t deadline)
{
	struct packet request, reply;
	enum accounts_result result;

	*targets = (struct accounts_targets){0};
	if (strlen(address) >= WIRE_ADDRESS_MAX ||
	    strlen(sender->address) >= WIRE_ADDRESS_MAX)
		return ACCOUNTS_NO_USER;
	packet_init(&request, WIRE_LOOKUP);
	packet_init(&reply, 0);
	packet_put_text(&request, address);
	packet_put_u8(&request, (uint8_t)sender->who);
	packet_put_text(&request, sender->address);
	result = ask(d, &request, &reply, DEVICE_REPEAT, deadline);
	if (result == ACCOUNTS_OK) {
		result = read_targets(&reply, targets);
		if (reply.error != 0)
			device_malformed(d, reply.head.type);
	}
	packet_free(&reply);
	return result;
}

void
accounts_targets_free(struct accounts_targets *targets)
{
	free(targets->names);
	*targets = (struct accounts_targets){0};
}
