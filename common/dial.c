#include "dial.h"

#include "clock.h"
#include "device.h"
#include "log.h"
#include "wire.h"

#include <errno.h>
#include <unistd.h>

const char *
dial_text(enum dial_result result)
{
	static const char *const texts[DIAL_RESULTS] = {
	    [DIAL_OK] = "connected",
	    [DIAL_FORBIDDEN] = "helpers.conf names no such backend",
	    [DIAL_NO_HOST] = "the name leads to no address",
	    [DIAL_FAILED] = "no connection",
	    [DIAL_TEMPORARY] = "the resolver helper is away or busy",
	};

	return texts[result];
}

static enum dial_result
read_refusal(struct packet *reply, int *error)
{
	uint8_t result = packet_get_u8(reply);

	*error = (int)packet_get_u32(reply);
	if (packet_end(reply) == -1)
		return DIAL_TEMPORARY;
	if (result > DIAL_OK && result < DIAL_TEMPORARY)
		return (enum dial_result)result;
	reply->error = EBADMSG;
	return DIAL_TEMPORARY;
}

static enum dial_result
read_socket(struct packet *reply, int *fd, char address[LISTEN_TEXT_MAX])
{
	packet_get_text(reply, address, LISTEN_TEXT_MAX);
	if (packet_end(reply) == -1)
		return DIAL_TEMPORARY;
	if ((*fd = packet_take_fd(reply)) != -1)
		return DIAL_OK;
	reply->error = EBADMSG;
	return DIAL_TEMPORARY;
}

enum dial_result
dial_connect(struct device *d, const char *host, unsigned port,
    int64_t deadline, int *fd, char address[LISTEN_TEXT_MAX], int *error)
{
	enum dial_result result = DIAL_TEMPORARY;
	int64_t left = (deadline - clock_now()) / CLOCK_MILLISECOND;
	struct packet request, reply;

	*fd = -1;
	*error = 0;
	address[0] = '\0';
	packet_init(&request, WIRE_DIAL);
	packet_init(&reply, 0);
	packet_put_text(&request, host);
	packet_put_u32(&request, port);
	packet_put_u64(&request, left > 0 ? (uint64_t)left : 0);
	if (device_call(d, &request, &reply, DEVICE_REPEAT, deadline) == -1)
		*error = errno;
	else if (reply.head.status == PACKET_OK)
		result = read_socket(&reply, fd, address);
	else if (reply.head.status == PACKET_REFUSED)
		result = read_refusal(&reply, error);
	else if (reply.head.status != PACKET_TEMPORARY)
		reply.error = EBADMSG;
	if (reply.error != 0)
		device_malformed(d, reply.head.type);
	packet_free(&request);
	packet_free(&reply);
	return result;
}
