#include "mailbox_fetched.h"

#include <errno.h>
#include <unistd.h>

void
mailbox_fetched_init(struct mailbox_fetched *f)
{
	*f = (struct mailbox_fetched){.fd = -1};
	packet_init(&f->packet, 0);
}

/* Reads the lengths of letters that lie in the place. */
static void
read_lengths(struct packet *reply, struct mailbox_fetched *f)
{
	size_t octets = 0, length;

	for (uint32_t i = 0; i < f->count && reply->error == 0; i++) {
		length = packet_get_u32(reply);
		if (length > MAILBOX_SMALL_MAX || length > SHELF_ROOM - octets)
			reply->error = EBADMSG;
		octets += length;
	}
}

int
mailbox_fetched_read(
    struct mailbox_fetched *f, uint32_t n, struct packet *reply)
{
	size_t length;
	uint32_t first;
	uint8_t where;

	f->count = packet_get_u32(reply);
	where = packet_get_u8(reply);
	if (f->count > n || (f->count == 0) != (reply->fd != -1) ||
	    where > MAILBOX_SHELF_UNKNOWN ||
	    (where != MAILBOX_INLINE && f->place.reader == NULL) ||
	    (where == MAILBOX_ON_SHELF && f->count == 0))
		reply->error = EBADMSG;
	first = reply->at;
	if (where == MAILBOX_ON_SHELF)
		read_lengths(reply, f);
	else
		for (uint32_t i = 0; i < f->count && reply->error == 0; i++)
			(void)packet_get_data(
			    reply, MAILBOX_SMALL_MAX, &length);
	if (packet_end(reply) == -1) {
		f->count = 0;
		return -1;
	}
	if (where == MAILBOX_SHELF_UNKNOWN)
		shelf_is_unknown(&f->place);
	if (where != MAILBOX_ON_SHELF)
		shelf_put(&f->place);
	f->fd = packet_take_fd(reply);
	f->packet = *reply;
	f->packet.at = first;
	packet_init(reply, 0);
	return 0;
}

const char *
mailbox_fetched_next(struct mailbox_fetched *f, size_t *length)
{
	const char *data;

	*length = 0;
	if (f->count == 0)
		return NULL;
	f->count--;
	if (f->place.reader == NULL)
		return packet_get_data(&f->packet, MAILBOX_SMALL_MAX, length);
	*length = packet_get_u32(&f->packet);
	data = shelf_octets(&f->place) + f->at;
	f->at += *length;
	return data;
}

void
mailbox_fetched_free(struct mailbox_fetched *f)
{
	if (f->fd != -1)
		close(f->fd);
	shelf_put(&f->place);
	packet_free(&f->packet);
	mailbox_fetched_init(f);
}
