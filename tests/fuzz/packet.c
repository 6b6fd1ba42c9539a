/*
 * packet -- any datagram, read by any sequence of gets: nothing is read outside
 * of it, and after the first error all gets give nothing.  Read as one packet,
 * and as what may be a bundle of several.
 */
#include "packet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
get_one(struct packet *p, unsigned kind)
{
	const int failed = p->error;
	char text[64];
	const unsigned char *octets;
	size_t length, limit = kind / 4;
	uint64_t value = 0;

	switch (kind % 5) {
	case 0:
		value = packet_get_u8(p);
		break;
	case 1:
		value = packet_get_u32(p);
		break;
	case 2:
		value = packet_get_u64(p);
		break;
	case 3:
		octets = packet_get_data(p, limit, &length);
		if (octets == NULL || length > limit)
			abort();
		for (size_t i = 0; i < length; i++)
			value |= octets[i];
		break;
	case 4:
		limit = limit < sizeof(text) ? limit + 1 : sizeof(text);
		packet_get_text(p, text, limit);
		if ((value = strlen(text)) >= limit)
			abort();
		break;
	}
	if ((failed != 0 && value != 0) || p->at > p->length)
		abort();
}

/* Runs the gets over p, and frees it. */
static void
read_fields(struct packet *p, const uint8_t *gets, size_t count)
{
	int ended;

	for (size_t i = 0; i < count; i++)
		get_one(p, gets[i]);
	ended = packet_end(p);
	if ((ended == 0) != (p->error == 0 && p->at == p->length))
		abort();
	packet_free(p);
}

static void
read_batch(int fd, const uint8_t *gets, size_t count)
{
	struct packet_batch b;

	if (packet_receive_some(fd, &b) == -1 || !b.drained ||
	    b.count > PACKET_BATCH + 1)
		abort();
	for (unsigned i = 0; i < b.count; i++) {
		if (b.packets[i].error != 0 && b.packets[i].length != 0)
			abort();
		read_fields(&b.packets[i], gets, count);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet p;
	size_t gets;
	int pair[2];

	if (size < 1 || (gets = data[0] % 32) + 1 > size)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1)
		abort();
	packet_init(&p, 0);
	if (send(pair[0], data + 1 + gets, size - 1 - gets, 0) != -1 &&
	    packet_receive(pair[1], &p) == 1)
		read_fields(&p, data + 1, gets);
	if (send(pair[0], data + 1 + gets, size - 1 - gets, 0) != -1)
		read_batch(pair[1], data + 1, gets);
	packet_free(&p);
	close(pair[0]);
	close(pair[1]);
	return 0;
}
