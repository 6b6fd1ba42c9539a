#include "keys_news.h"

#include "clock.h"
#include "keys_file.h"
#include "packet.h"
#include "wire.h"

#include <errno.h>

#define SEND_WITHIN (5 * CLOCK_SECOND)

struct news {
	int end;
	int64_t deadline;
	int is_lost; /* it could not be sent */
};

/* Sends and frees it. */
static int
send_one(struct news *n, struct packet *p)
{
	int result = packet_send_by(n->end, p, n->deadline);
	int saved = errno;

	p->fd = -1; /* lent */
	packet_free(p);
	errno = saved;
	n->is_lost |= result == -1;
	return result;
}

static int
send_file(void *news, const char *name, int fd)
{
	struct packet p;

	packet_init(&p, WIRE_KEYS_FILE);
	packet_put_text(&p, name);
	p.fd = fd;
	return send_one(news, &p) == 0 ? 1 : -1;
}

int
keys_news_send(int end, const char *folder, int64_t keep)
{
	struct news n = {.end = end, .deadline = clock_after(SEND_WITHIN)};
	struct packet p;

	packet_init(&p, WIRE_KEYS_BEGIN);
	if (send_one(&n, &p) == -1)
		return -1;
	if (keys_file_each(folder, send_file, &n) == -1)
		return n.is_lost ? -1 : 0;
	packet_init(&p, WIRE_KEYS_END);
	packet_put_u64(&p, (uint64_t)keep);
	return send_one(&n, &p);
}
