#include "sasl.h"

#include "device.h"
#include "log.h"

#include <errno.h>
#include <string.h>

void
sasl_step_wipe(struct sasl_step *step)
{
	explicit_bzero(step, sizeof(*step));
}

static enum sasl_result
read_refusal(struct packet *reply, unsigned *delay_ms)
{
	uint8_t result = packet_get_u8(reply);
	uint32_t delay = packet_get_u32(reply);

	if (result <= SASL_OK || result >= SASL_TEMPORARY)
		reply->error = EBADMSG;
	if (packet_end(reply) == -1)
		return SASL_TEMPORARY;
	*delay_ms = delay;
	return (enum sasl_result)result;
}

static void
read_backend(struct packet *reply, struct sasl_login *login)
{
	struct sasl_backend *b = &login->backend;
	uint8_t tls;

	b->handle = packet_get_u32(reply);
	packet_get_text(reply, login->name, sizeof(login->name));
	packet_get_text(reply, b->host, sizeof(b->host));
	b->port = packet_get_u32(reply);
	tls = packet_get_u8(reply);
	packet_get_text(reply, b->user, sizeof(b->user));
	packet_get_text(reply, b->password, sizeof(b->password));
	if (tls >= WIRE_BACKEND_TLS_KINDS || b->port == 0 || b->port > 65535 ||
	    b->host[0] == '\0')
		reply->error = EBADMSG;
	else
		b->tls = (enum wire_backend_tls)tls;
}

/* A challenge, or the end. */
static enum sasl_result
read_step(struct packet *reply, struct sasl_step *step)
{
	uint8_t result = packet_get_u8(reply);
	const void *data;

	if (result == SASL_CHALLENGE) {
		step->handle = packet_get_u32(reply);
		data = packet_get_data(reply, WIRE_SASL_MAX, &step->length);
		memcpy(step->challenge, data, step->length);
	} else if (result == SASL_OK) {
		size_t length;

		packet_get_text(
		    reply, step->login.name, sizeof(step->login.name));
		data = packet_get_data(reply, WIRE_TICKET_SIZE, &length);
		if (length != 0 && length != WIRE_TICKET_SIZE)
			reply->error = EBADMSG;
		else
			memcpy(step->login.ticket, data, length);
	} else if (result == SASL_BACKEND) {
		read_backend(reply, &step->login);
	} else {
		reply->error = EBADMSG;
	}
	return packet_end(reply) == 0 ? (enum sasl_result)result
				      : SASL_TEMPORARY;
}

/* Asks, and reads the answer to step, which is set whole.  Frees the request,
 * and wipes both. */
static enum sasl_result
ask(struct device *d, struct packet *request, struct sasl_step *step, int flags,
    int64_t deadline)
{
	enum sasl_result result = SASL_TEMPORARY;
	struct packet reply;

	sasl_step_wipe(step);
	packet_init(&reply, 0);
	if (device_call(d, request, &reply, flags, deadline) == -1)
		log_info("sasl.failed", log_int("type", request->head.type),
		    log_errno(errno));
	else if (reply.head.status == PACKET_OK)
		result = read_step(&reply, step);
	else if (reply.head.status == PACKET_REFUSED)
		result = read_refusal(&reply, &step->delay_ms);
	if (reply.error != 0) {
		sasl_step_wipe(step);
		device_malformed(d, reply.head.type);
		result = SASL_TEMPORARY;
	}
	packet_free(request);
	packet_free(&reply);
	return result;
}

enum sasl_result
sasl_begin(struct device *d, const char *mechanism,
    const struct sasl_channel *channel, const void *initial, size_t length,
    struct sasl_step *step, int64_t deadline)
{
	struct packet request;

	sasl_step_wipe(step);
	if (strlen(mechanism) >= WIRE_MECHANISM_MAX)
		return SASL_UNKNOWN;
	if (length > WIRE_SASL_MAX)
		return SASL_BAD;
	packet_init(&request, WIRE_SASL_BEGIN);
	packet_put_text(&request, mechanism);
	packet_put_u8(&request, channel->is_tls != 0);
	packet_put_data(&request, channel->exporter, channel->exporter_length);
	packet_put_data(
	    &request, channel->end_point, channel->end_point_length);
	packet_put_text(&request, channel->certificate);
	packet_put_text(&request, channel->client);
	packet_put_text(&request, channel->host);
	packet_put_u8(&request, initial != NULL);
	packet_put_data(&request, initial, initial != NULL ? length : 0);
	/* A failure may count twice, and a ticket be left over. */
	return ask(d, &request, step, DEVICE_REPEAT, deadline);
}

enum sasl_result
sasl_next(struct device *d, const void *response, size_t length,
    struct sasl_step *step, int64_t deadline)
{
	struct packet request;

	if (length > WIRE_SASL_MAX) {
		sasl_cancel(d, step, deadline);
		return SASL_BAD;
	}
	packet_init(&request, WIRE_SASL_STEP);
	packet_put_u32(&request, step->handle);
	packet_put_data(&request, response, length);
	return ask(d, &request, step, 0, deadline);
}

void
sasl_unproved(struct device *d, uint32_t handle, int64_t deadline)
{
	struct packet request, reply;

	packet_init(&request, WIRE_SASL_CANCEL);
	packet_init(&reply, 0);
	packet_put_u32(&request, handle);
	/* What fails here ends at the helper by itself. */
	if (device_call(d, &request, &reply, 0, deadline) == 0 &&
	    packet_end(&reply) == -1)
		device_malformed(d, reply.head.type);
	packet_free(&request);
	packet_free(&reply);
}

void
sasl_cancel(struct device *d, struct sasl_step *step, int64_t deadline)
{
	uint32_t handle = step->handle;

	sasl_step_wipe(step);
	sasl_unproved(d, handle, deadline);
}

enum sasl_result
sasl_proved(struct device *d, uint32_t handle, int is_right, unsigned *delay_ms,
    int64_t deadline)
{
	enum sasl_result result = SASL_TEMPORARY;
	struct packet request, reply;

	*delay_ms = 0;
	packet_init(&request, WIRE_SASL_PROVED);
	packet_init(&reply, 0);
	packet_put_u32(&request, handle);
	packet_put_u8(&request, is_right != 0);
	if (device_call(d, &request, &reply, 0, deadline) == -1) {
		log_info("sasl.failed", log_int("type", request.head.type),
		    log_errno(errno));
	} else if (reply.head.status == PACKET_REFUSED) {
		result = read_refusal(&reply, delay_ms);
	} else if (packet_end(&reply) == 0 && reply.head.status == PACKET_OK) {
		result = SASL_OK;
	}
	if (reply.error != 0) {
		device_malformed(d, reply.head.type);
		result = SASL_TEMPORARY;
	}
	packet_free(&request);
	packet_free(&reply);
	return result;
}

enum sasl_result
sasl_may_send_as(
    struct device *d, const char *name, const char *address, int64_t deadline)
{
	enum sasl_result result = SASL_TEMPORARY;
	struct packet request, reply;

	if (strlen(address) >= WIRE_ADDRESS_MAX)
		return SASL_DENIED;
	packet_init(&request, WIRE_SENDER);
	packet_init(&reply, 0);
	packet_put_text(&request, name);
	packet_put_text(&request, address);
	if (device_call(d, &request, &reply, DEVICE_REPEAT, deadline) == -1) {
		log_info("sasl.failed", log_int("type", request.head.type),
		    log_errno(errno));
	} else {
		if (reply.head.status == PACKET_OK)
			result = SASL_OK;
		else if (reply.head.status == PACKET_REFUSED)
			result = packet_get_u8(&reply);
		if (result > SASL_DENIED && result != SASL_TEMPORARY)
			reply.error = EBADMSG;
		if (packet_end(&reply) == -1) {
			device_malformed(d, reply.head.type);
			result = SASL_TEMPORARY;
		}
	}
	packet_free(&request);
	packet_free(&reply);
	return result == SASL_CHALLENGE ? SASL_TEMPORARY : result;
}
