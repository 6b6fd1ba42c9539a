#include "replies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct waiting_reply {
	struct waiting_reply *next;
	struct packet packet; /* its data are the octets */
	unsigned char octets[];
};

void
replies_init(struct replies *r)
{
	*r = (struct replies){0};
	r->tail = &r->head;
}

int
replies_put(struct replies *r, const struct packet *reply)
{
	struct waiting_reply *w = malloc(sizeof(*w) + reply->length);

	if (w == NULL)
		return -1;
	w->next = NULL;
	packet_init(&w->packet, reply->head.type);
	if (reply->fd != -1 &&
	    (w->packet.fd = fcntl(reply->fd, F_DUPFD_CLOEXEC, 0)) == -1) {
		free(w);
		return -1;
	}
	w->packet.head = reply->head;
	w->packet.data = w->octets;
	w->packet.length = reply->length;
	if (reply->length != 0)
		memcpy(w->octets, reply->data, reply->length);
	*r->tail = w;
	r->tail = &w->next;
	r->count++;
	return 0;
}

/* The oldest has left, or never will. */
static void
drop(struct replies *r)
{
	struct waiting_reply *w = r->head;

	if ((r->head = w->next) == NULL)
		r->tail = &r->head;
	r->count--;
	explicit_bzero(w->octets, w->packet.length);
	w->packet.data = NULL;
	packet_free(&w->packet);
	free(w);
}

int
replies_send(struct replies *r, int socket, int flags)
{
	const struct packet *batch[PACKET_BATCH];
	const struct waiting_reply *w;
	unsigned n;
	int sent;

	while (r->head != NULL) {
		n = 0;
		for (w = r->head; w != NULL && n < PACKET_BATCH; w = w->next)
			batch[n++] = &w->packet;
		if ((sent = packet_send_some(socket, batch, n, flags)) == -1)
			return -1;
		for (; sent > 0; sent--)
			drop(r);
	}
	return 0;
}

void
replies_free(struct replies *r)
{
	while (r->head != NULL)
		drop(r);
}
