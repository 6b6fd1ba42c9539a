/*
 * table -- a helper's table of requests under fuzzing: an input says which
 * requests come and what stands in them, in the right form or, where it says
 * so, in a wrong one.  The target includes the helper's own file, so that its
 * rows are those that run.
 */
#ifndef TABLE_H
#define TABLE_H

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "ring.h"
#include "server.h"
#include "worker.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TABLE_REQUESTS 32
/* No answer takes that long. */
#define TABLE_TIME (30 * CLOCK_SECOND)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	const uint8_t *at;
	size_t left;
} table_input;

static inline uint8_t
table_u8(void)
{
	if (table_input.left == 0)
		return 0;
	table_input.left--;
	return *table_input.at++;
}

static inline uint32_t
table_u32(void)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 8 | table_u8();
	return value;
}

/* The next octets, as many as the one before them says and most allows. */
static inline const uint8_t *
table_octets(size_t most, size_t *length)
{
	const uint8_t *at;
	size_t n = table_u8();

	/* Some are long. */
	if (n > 250)
		n = n * 64;
	if (n > most)
		n = most;
	if (n > table_input.left)
		n = table_input.left;
	at = table_input.at;
	table_input.at += n;
	table_input.left -= n;
	*length = n;
	return at;
}

static inline void
table_put_octets(struct packet *p, size_t most)
{
	size_t length;
	const uint8_t *octets = table_octets(most, &length);

	packet_put_data(p, octets, length);
}

/* Fields that nobody made. */
static inline void
table_put_raw(struct packet *p)
{
	size_t length;
	const uint8_t *octets = table_octets(4096, &length);

	packet_reserve(p, length + 1);
	if (p->error != 0)
		abort();
	memcpy(p->data, octets, length);
	p->length = (uint32_t)length;
}

/* One time in four: too short, too long, or an octet is another. */
static inline void
table_spoil(struct packet *p)
{
	const uint8_t how = table_u8();

	switch (how) {
	case 1:
		p->length = p->length > 0 ? table_u8() % p->length : 0;
		break;
	case 2:
		packet_put_u8(p, table_u8());
		break;
	case 3:
		if (p->length > 0)
			p->data[table_u32() % p->length] = table_u8();
		break;
	case 4:
		p->head.status = table_u8();
		break;
	default:
		break;
	}
}

static inline void
table_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0, ends) == -1)
		abort();
}

/* A peer of this role; our end. */
static inline int
table_attach(struct server *s, enum server_role role)
{
	int ends[2];

	table_pair(ends);
	if (server_attach(s, ends[1], role) == -1)
		abort();
	return ends[0];
}

/* Takes what was answered by now: 0, or 1 where the other end has closed. */
static inline int
table_take(int fd, void (*check)(struct packet *reply))
{
	struct packet p;
	int result;

	packet_init(&p, 0);
	while ((result = packet_receive(fd, &p)) == 1) {
		if (p.head.status >= PACKET_STATUSES)
			abort();
		check(&p);
		packet_free(&p);
	}
	if (result == -1 && errno != EAGAIN && errno != ECONNRESET)
		abort();
	packet_free(&p);
	return result == 0 || errno == ECONNRESET;
}

static inline void
table_send(int fd, struct packet *p, void (*check)(struct packet *reply))
{
	packet_send(fd, p);
	packet_free(p);
	for (int i = 0; i < 8; i++)
		fiber_yield();
	table_take(fd, check);
}

/* All is answered; then the peer is gone. */
static inline void
table_end(int fd, void (*check)(struct packet *reply))
{
	const int64_t end = clock_after(TABLE_TIME);

	shutdown(fd, SHUT_WR);
	while (!table_take(fd, check)) {
		if (clock_now() > end)
			abort();
		fiber_yield();
	}
	close(fd);
}

/* What runs in a worker, once for each input. */
static inline int
table_run(const uint8_t *data, size_t size, void (*first_fiber)(void *arg))
{
	static int is_first = 1;

	if (is_first)
		log_set_level(LEVEL_ERROR);
	is_first = 0;
	table_input.at = data;
	table_input.left = size;
	if (worker_run(1, first_fiber, NULL) == -1)
		abort();
	return 0;
}

#endif
