#include "mailbox_remove.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "ring.h"
#include "store.h"

#include <errno.h>

/* Others have as much of the processor as this has, unless many wait. */
#define PAUSE CLOCK_MILLISECOND
#define MANY  (REMOVALS_MAX / 4)
/* After a fault of the disk. */
#define RETRY_TIME CLOCK_SECOND
/* Looks of one that waits for all to go. */
#define WAIT_TIME CLOCK_SECOND
#define WAIT_LOOK (5 * CLOCK_MILLISECOND)

static struct store *store;
static struct ring ring;

/* Removes the next ones; how long to rest then, ns; -1: until there are more */
static int64_t
work(void)
{
	switch (store_remove_some(store)) {
	case REMOVALS_NONE:
		return -1;
	case REMOVALS_MORE:
		return removals_count() < MANY ? PAUSE : 0;
	case REMOVALS_FAILED:
	default:
		log_warn("expunge.waits", log_int("letters", removals_count()),
		    log_errno(errno));
		return RETRY_TIME;
	}
}

static void
remove_main(void *arg)
{
	int64_t rest;

	(void)arg;
	for (;;) {
		rest = work();
		if (rest == 0)
			fiber_yield();
		else if (ring_wait(&ring,
			     rest == -1 ? CLOCK_NEVER : clock_after(rest)) ==
			     -1 &&
			 errno == ECANCELED)
			return;
	}
}

int
mailbox_remove_setup(struct store *s)
{
	store = s;
	ring_init(&ring);
	return fiber_spawn("remove", remove_main, NULL);
}

void
mailbox_remove_begin(uint32_t holder, int is_unlisted)
{
	removals_release(holder, is_unlisted);
	ring_notify(&ring);
}

void
mailbox_remove_wait(void)
{
	int64_t until = clock_after(WAIT_TIME);

	while (removals_count() > 0 && clock_now() < until)
		if (ring_sleep(ring_self(), clock_after(WAIT_LOOK)) == -1 &&
		    errno == ECANCELED)
			return;
}
