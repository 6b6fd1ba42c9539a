#include "stress.h"

#include "conn.h"
#include "fiber.h"
#include "sanitize.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
act_sleep(struct dice *d)
{
	int64_t until = clock_after(dice_roll(d, 3000000));
	int result = ring_sleep(ring_self(), until);
	int64_t now = clock_now();

	if (result == 0 && now < until)
		fail("ring_sleep: woke too early");
	if (now - until > late)
		fail("ring_sleep: overslept");
	if (result == -1 && errno != EINTR &&
	    !(errno == ECANCELED && fiber_cancelled()))
		fail("ring_sleep: %s", strerror(errno));
}

static void
act_yield(struct dice *d)
{
	(void)d;
	fiber_yield();
}

static void
open_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		pair) == -1)
		fail("socketpair: %s", strerror(errno));
}

/* A descriptor, made ready or not, beside a ring that may be notified. */
static void
act_poll(struct dice *d)
{
	int pair[2], written = (int)dice_roll(d, 2), result;
	struct limit limit = limit_roll(d);
	struct pollfd p = {.events = POLLIN};

	open_pair(pair);
	p.fd = pair[0];
	if (written && write(pair[1], "x", 1) != 1)
		fail("write: %s", strerror(errno));
	limit.patient = written;
	if (written)
		limit.deadline = clock_after(late);
	else if (limit.deadline > clock_after(late / 2))
		limit.deadline = clock_after(CLOCK_MILLISECOND);
	result = ring_poll(ring_self(), &p, 1, limit.deadline);
	check_wait("ring_poll", result, limit, 0);
	if (result == 1 && (p.revents != POLLIN || !written))
		fail("ring_poll: events %#x", (unsigned)p.revents);
	close(pair[0]);
	close(pair[1]);
}

/* ---- a conversation over a connection ---- */

static void
echo_main(void *arg)
{
	struct conn c;
	size_t length;
	char *line;

	count_add(COUNT_ACTORS, 1);
	if (conn_open(&c, *(int *)arg, late) == -1)
		fail("conn_open: %s", strerror(errno));
	while (conn_read_line(&c, &line, &length, CONN_BUFFER,
		   clock_after(late)) == CONN_LINE)
		conn_printf(&c, "%s\r\n", line);
	if (conn_error(&c) == ETIMEDOUT)
		fail("echo: a wake-up was lost");
	conn_close(&c);
	count_add(COUNT_ACTORS, -1);
}

/* Sends some lines in one go and reads them back. */
static void
converse(struct conn *c, struct dice *d)
{
	unsigned first = dice_roll(d, 1000), lines = 1 + dice_roll(d, 20), i;
	char expected[16], *line;
	size_t length;

	for (i = 0; i < lines; i++)
		conn_printf(c, "%u\r\n", first + i);
	for (i = 0; i < lines; i++) {
		if (conn_read_line(c, &line, &length, 100, clock_after(late)) !=
		    CONN_LINE)
			break;
		snprintf(expected, sizeof(expected), "%u", first + i);
		if (strcmp(line, expected) != 0)
			fail("echo: \"%s\", not \"%s\"", line, expected);
		count_add(COUNT_LINES, 1);
	}
	if (conn_error(c) != 0 && !fiber_cancelled())
		fail("conn: %s", strerror(conn_error(c)));
}

static void
act_converse(struct dice *d)
{
	struct conn c;
	struct fiber *echo;
	int pair[2];

	if (fiber_self() == NULL)
		return;
	open_pair(pair);
	if ((echo = fiber_start("echo", echo_main, &pair[1])) == NULL)
		fail("no memory for a fiber");
	if (conn_open(&c, pair[0], late) == -1)
		fail("conn_open: %s", strerror(errno));
	converse(&c, d);
	conn_close(&c);
	fiber_shield(1);
	if (fiber_join(&echo, clock_after(2 * late)) == -1)
		fail("echo: its end was lost");
	fiber_shield(0);
}

void
act(struct dice *d)
{
	static void (*const deeds[])(struct dice *) = {act_sleep, act_yield,
	    act_poll, act_converse, note_send, note_send, note_call, note_call,
	    note_call, board_disturb, board_disturb};

	deeds[dice_roll(d, sizeof(deeds) / sizeof(deeds[0]))](d);
}

/* ---- batons: no wait of theirs may be missed ---- */

enum { GAPS_MOST = 2 };

void
baton_init(struct baton *b, int quiet)
{
	ring_init(&b->rings[0]);
	ring_init(&b->rings[1]);
	sanitize_atomic(&b->passes, sizeof(b->passes));
	sanitize_atomic(&b->passed_at, sizeof(b->passed_at));
	b->passes = 0;
	b->passed_at = clock_now();
	b->quiet = quiet;
}

static int
is_ours(struct baton *b, unsigned side)
{
	return atomic_load_explicit(&b->passes, RELAXED) % 2 == side;
}

/* How long it has taken us to see that it is our turn. */
static void
check_gap(struct baton *b)
{
	int64_t gap = clock_now() - atomic_load(&b->passed_at);

	if (!b->quiet || gap < late / 20)
		return;
	count_add(COUNT_GAPS, 1);
	if (count_get(COUNT_GAPS) > GAPS_MOST)
		fail("baton: a wake-up was lost, or slow: it took %d ms",
		    (int)(gap / CLOCK_MILLISECOND));
}

static void
pass(struct baton *b, unsigned side)
{
	check_gap(b);
	atomic_store(&b->passed_at, clock_now());
	atomic_fetch_add_explicit(&b->passes, 1, RELAXED);
	count_add(COUNT_PASSES, 1);
	ring_notify(&b->rings[!side]);
}

void
baton_run(struct baton *b, unsigned side, const _Atomic int *over)
{
	struct limit limit;
	int result;

	count_add(COUNT_KEEPERS, 1);
	while (!fiber_cancelled() && !*over) {
		if (is_ours(b, side)) {
			pass(b, side);
			continue;
		}
		limit = (struct limit){clock_after(late), 1};
		result = ring_wait(&b->rings[side], limit.deadline);
		check_wait("baton", result, limit, 0);
	}
	if (is_ours(b, side))
		check_gap(b);
	count_add(COUNT_KEEPERS, -1);
}
