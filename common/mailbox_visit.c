#include "mailbox_visit.h"

#include "device.h"
#include "log.h"

#include <errno.h>
#include <string.h>

/* Asks, and frees the request.  0 where a reply has come. */
static int
ask(struct mailbox_session *s, struct packet *request, struct packet *reply,
    int flags, int64_t deadline)
{
	int result = device_call(s->device, request, reply, flags, deadline);

	if (result == -1)
		log_info("mailbox.failed", log_int("type", request->head.type),
		    log_errno(errno));
	packet_free(request);
	return result;
}

/* The fields were read: result, if they were all, and no more. */
static enum mailbox_result
end(struct mailbox_session *s, struct packet *reply, enum mailbox_result result)
{
	if (packet_end(reply) == -1) {
		device_malformed(s->device, reply->head.type);
		result = MAILBOX_TEMPORARY;
	}
	packet_free(reply);
	return result;
}

enum mailbox_result
mailbox_visit(struct mailbox_session *s, int64_t delay, const char *address,
    struct mailbox_visit *before, int64_t deadline)
{
	enum mailbox_result result = MAILBOX_TEMPORARY;
	struct packet request, reply;

	memset(before, 0, sizeof(*before));
	packet_init(&request, WIRE_VISIT);
	packet_init(&reply, 0);
	packet_put_u32(&request, s->handle);
	packet_put_u64(&request, (uint64_t)delay);
	packet_put_text(&request, address);
	if (ask(s, &request, &reply, 0, deadline) == -1) {
		packet_free(&reply);
		return MAILBOX_TEMPORARY;
	}
	if (reply.head.status == PACKET_OK)
		result = MAILBOX_OK;
	else if (reply.head.status == PACKET_REFUSED)
		result = MAILBOX_TOO_SOON;
	if (result != MAILBOX_TEMPORARY) {
		before->when = (int64_t)packet_get_u64(&reply);
		packet_get_text(
		    &reply, before->address, sizeof(before->address));
	}
	return end(s, &reply, result);
}

enum mailbox_result
mailbox_mark(struct mailbox_session *s, const char *const *files, uint32_t n,
    int64_t deadline)
{
	struct packet request, reply;

	packet_init(&request, WIRE_MARK);
	packet_init(&reply, 0);
	packet_put_u32(&request, s->handle);
	packet_put_u32(&request, n);
	for (uint32_t i = 0; i < n; i++)
		packet_put_text(&request, files[i]);
	if (ask(s, &request, &reply, 0, deadline) == -1) {
		packet_free(&reply);
		return MAILBOX_TEMPORARY;
	}
	return end(s, &reply,
	    reply.head.status == PACKET_OK ? MAILBOX_OK : MAILBOX_TEMPORARY);
}
