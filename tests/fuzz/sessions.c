/*
 * sessions -- the table of requests that smtpd and pop3d answer to mailctl, in
 * service_admin.c, with sessions that come, go and are ended meanwhile.
 *
 * Input: requests; between them, how many sessions come, and which go.
 */
#include "port.h"
#include "service.h"
#include "service_accept.h"
#include "service_crowd.h"

/* Its own sessions, and errands that are done at once. */
static void
crowd_each(void (*see)(struct service_client *c, void *arg), void *arg);
static void crowd_drop(struct service_client *c);
static void view_of(const struct service_client *c, struct service_view *v);
static int
run_errand(unsigned worker, struct service_errand *e, int64_t deadline);

#define service_crowd_each  crowd_each
#define service_crowd_drop  crowd_drop
#define service_view_of	    view_of
#define service_accept_call run_errand
#define port_reply(message) ((void)(message))
#include "../../common/service_admin.c"

#include "table.h"

#define CLIENTS 250
#define WORKERS 2

static struct service_client clients[CLIENTS];
static unsigned count;	 /* of them that are there */
static unsigned looking; /* the worker whose errand is done */
static int is_busy;	 /* one does not come to it in time */
static uint64_t last_id; /* of an answer */

static void
crowd_each(void (*see)(struct service_client *c, void *arg), void *arg)
{
	for (unsigned i = looking; i < count; i += WORKERS)
		see(&clients[i], arg);
}

static int
run_errand(unsigned worker, struct service_errand *e, int64_t deadline)
{
	if (worker >= WORKERS || deadline < clock_now())
		abort();
	if (worker == 1 && is_busy)
		return -1;
	fiber_yield();
	looking = worker;
	e->run(e);
	return 0;
}

/* It goes at once. */
static void
crowd_drop(struct service_client *c)
{
	if (count == 0 || c < clients || c >= clients + count)
		abort();
	*c = clients[--count];
}

static void
view_of(const struct service_client *c, struct service_view *v)
{
	v->user = c->id % 3 == 0 ? "a@x.y" : NULL;
	v->command = c->id % 2 == 0 ? "NOOP" : NULL;
	v->in = c->id;
}

/* Some come, in no order, and one may go. */
static void
change(void)
{
	static uint64_t next;
	const uint8_t come = table_u8(), goes = table_u8();

	for (unsigned i = 0; i < come && count < CLIENTS; i++)
		clients[count++] = (struct service_client){.fd = -1,
		    .id = 1 + (next++ * 2654435761U) % 100000,
		    .address = "192.0.2.1"};
	if (goes > 128 && count > 0)
		crowd_drop(&clients[goes % count]);
}

/* A page is as mailctl reads it: ids grow, and nothing is left over. */
static void
check(struct packet *reply)
{
	char text[WIRE_NAME_MAX];
	uint32_t left;

	if (reply->head.type != WIRE_SESSIONS ||
	    reply->head.status != PACKET_OK)
		return;
	left = packet_get_u32(reply);
	if (left > WIRE_SESSIONS_MOST)
		abort();
	for (uint64_t id, before = 0; left > 0; left--, before = id) {
		id = packet_get_u64(reply);
		if (id <= before)
			abort();
		packet_get_text(reply, text, LISTEN_TEXT_MAX);
		packet_get_text(reply, text, WIRE_NAME_MAX);
		packet_get_text(reply, text, WIRE_COMMAND_MAX);
		(void)packet_get_u8(reply);
		for (int i = 0; i < 4; i++)
			(void)packet_get_u64(reply);
		last_id = id;
	}
	if (packet_end(reply) == -1)
		abort();
}

static void
put_request(struct packet *p)
{
	const uint8_t kind = table_u8();

	packet_init(p, kind % 2 ? WIRE_SESSIONS : WIRE_SESSION_DROP);
	if (kind > 240)
		table_put_raw(p);
	else if (kind > 200)
		packet_put_u64(p, table_u32());
	else
		packet_put_u64(p, kind > 100 ? last_id : kind / 2);
	table_spoil(p);
}

static void
first_fiber(void *arg)
{
	const int fd = table_attach(&server, ROLE_ADMIN);
	struct packet p;
	unsigned n = 0;

	(void)arg;
	workers = WORKERS;
	do {
		change();
		is_busy = table_u8() == 0;
		put_request(&p);
		table_send(fd, &p, check);
	} while (table_input.left > 0 && ++n < TABLE_REQUESTS);
	table_end(fd, check);
	worker_stop();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	count = 0;
	return table_run(data, size, first_fiber);
}
