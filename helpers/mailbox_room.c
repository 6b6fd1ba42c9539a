#include "mailbox_room.h"

#include "log.h"
#include "mailbox_owners.h"
#include "quota.h"
#include "server.h"
#include "store.h"

#include <errno.h>
#include <unistd.h>

static struct store *store;

void
mailbox_room_setup(struct store *s)
{
	store = s;
}

/* The status and fields that tell of a result. */
static void
reply_result(struct request **q, enum mailbox_result result)
{
	struct packet fields;

	if (result == MAILBOX_TEMPORARY) {
		request_reply(q, PACKET_TEMPORARY, NULL);
		return;
	}
	packet_init(&fields, 0);
	packet_put_u8(&fields, (uint8_t)result);
	request_reply(q, PACKET_REFUSED, &fields);
	packet_free(&fields);
}

int
answer_spool(struct request *q)
{
	char name[WIRE_NAME_MAX];
	enum mailbox_result result;
	struct packet fields;
	unsigned helper;
	struct owner o;

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1)
		return -1;
	packet_init(&fields, 0);
	result = mailbox_owners_find(name, &o);
	if (result == MAILBOX_OK && !mailbox_owners_is_ours(&o, &helper)) {
		mailbox_owners_redirect(&q, helper);
		return 0;
	}
	if (result == MAILBOX_OK) {
		fields.fd = store_spool(store, &o);
		if (fields.fd == -1) {
			log_warn("spool.failed", log_text("path", o.path),
			    log_errno(errno));
			result = errno == ENOSPC || errno == EDQUOT
				     ? MAILBOX_FULL
				     : MAILBOX_TEMPORARY;
		}
	}
	if (result == MAILBOX_OK)
		request_reply(&q, PACKET_OK, &fields);
	else
		reply_result(&q, result);
	packet_free(&fields);
	return 0;
}

/* Of one mailbox: as in the answer to WIRE_DELIVER. */
static unsigned char
has_room(const char *name, uint64_t size)
{
	enum mailbox_result result;
	unsigned helper;
	struct owner o;

	result = mailbox_owners_find(name, &o);
	if (result != MAILBOX_OK)
		return (unsigned char)result;
	if (!mailbox_owners_is_ours(&o, &helper))
		return (unsigned char)(WIRE_DELIVER_MOVED | helper);
	return quota_has_room(name, &o, size > 0 ? size : 1) ? MAILBOX_OK
							     : MAILBOX_FULL;
}

int
answer_room(struct request *q)
{
	unsigned char results[WIRE_TARGETS_MAX];
	uint64_t size = packet_get_u64(&q->packet);
	uint32_t count = packet_get_u32(&q->packet), i;
	char name[WIRE_NAME_MAX];
	struct packet names, fields;

	if (q->packet.error != 0 || count == 0 || count > WIRE_TARGETS_MAX)
		return -1;
	names = q->packet; /* a second reader of the same fields */
	for (i = 0; i < count; i++)
		packet_get_text(&names, name, sizeof(name));
	if (packet_end(&names) == -1)
		return -1;
	for (i = 0; i < count; i++) {
		packet_get_text(&q->packet, name, sizeof(name));
		results[i] = has_room(name, size);
	}
	packet_init(&fields, 0);
	packet_put_data(&fields, results, count);
	request_reply(
	    &q, fields.error == 0 ? PACKET_OK : PACKET_TEMPORARY, &fields);
	packet_free(&fields);
	return 0;
}
