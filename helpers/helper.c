#include "helper.h"

#include "clock.h"
#include "fiber.h"
#include "ring.h"
#include "settings.h"
#include "super.h"
#include "worker.h"

#include <signal.h>

struct privileges_place
helper_place(const struct helper *h)
{
	return (struct privileges_place){.uid = h->uid,
	    .gid = h->gid,
	    .run = h->conf->run,
	    .state = h->conf->state,
	    .mail = h->conf->mail_root,
	    .program = h->conf->token_program,
	    .lists = h->conf->lists,
	    .homes = h->conf->homes.items,
	    .homes_count = h->conf->homes.count};
}

int
helper_drop(const struct helper *h, const struct privileges *privileges,
    int *keep, size_t n)
{
	const struct privileges_place place = helper_place(h);

	if (privileges_close_others(keep, n) == -1 ||
	    privileges_drop(privileges, &place) == -1)
		return -1;
	super_end_with_parent();
	return 0;
}

static void
wait_until_told(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	while (worker_signal(&set, CLOCK_NEVER) == SIGHUP)
		;
}

void
helper_serve_until_told(void)
{
	wait_until_told();
	worker_stop();
}

void
helper_serve_until_settled(int (*is_settled)(void), int64_t most)
{
	int64_t until;

	wait_until_told();
	until = clock_after(most);
	while (!is_settled() && clock_now() < until && !fiber_cancelled())
		ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND));
	worker_stop();
}
