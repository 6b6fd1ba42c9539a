#include "stress.h"

#include "fiber.h"

#include <errno.h>
#include <pthread.h>

/*
 * A fiber may be cancelled by anyone until it is joined: it stands here no
 * longer than that.
 */
static struct {
	pthread_mutex_t lock;
	struct fiber *fiber;
	struct ring *ring;
} board[PLACES];

void
board_init(void)
{
	int i;

	for (i = 0; i < PLACES; i++)
		pthread_mutex_init(&board[i].lock, NULL);
}

static void
put(int place, struct fiber *fiber, struct ring *ring)
{
	pthread_mutex_lock(&board[place].lock);
	board[place].fiber = fiber;
	board[place].ring = ring;
	pthread_mutex_unlock(&board[place].lock);
}

void
board_disturb(struct dice *d)
{
	int place = (int)dice_roll(d, PLACES);

	pthread_mutex_lock(&board[place].lock);
	if (board[place].fiber != NULL && dice_roll(d, 4) == 0) {
		fiber_cancel(board[place].fiber);
		count_add(COUNT_CANCELS, 1);
	} else if (board[place].ring != NULL) {
		ring_notify(board[place].ring);
	}
	pthread_mutex_unlock(&board[place].lock);
}

/* A fiber that stands at a place: it alone knows its ring. */
struct stand {
	int place;
	struct fiber *fiber;
	struct dice dice;
};

static void
stand_main(void *arg)
{
	struct stand *s = arg;
	int i, deeds = (int)dice_roll(&s->dice, 30);

	count_add(COUNT_ACTORS, 1);
	put(s->place, s->fiber, ring_self());
	for (i = 0; i < deeds && !fiber_cancelled(); i++)
		act(&s->dice);
	count_add(COUNT_ACTORS, -1);
}

/* Joins at any price, impatiently at first. */
static void
join(struct stand *s)
{
	struct limit limit = limit_roll(&s->dice);
	int result = fiber_join(&s->fiber, limit.deadline);

	check_wait("fiber_join", result, limit, 0);
	if (s->fiber == NULL)
		return;
	fiber_cancel(s->fiber);
	limit = (struct limit){clock_after(2 * late), 1};
	fiber_shield(1);
	result = fiber_join(&s->fiber, limit.deadline);
	check_wait("fiber_join after fiber_cancel", result, limit, 0);
	fiber_shield(0);
}

void
board_main(void *number)
{
	struct stand s = {.place = (int)(uintptr_t)number};
	struct dice d;

	dice_init(&d, 2000000 + (uint64_t)s.place);
	count_add(COUNT_ACTORS, 1);
	while (!fiber_cancelled() && !closing) {
		dice_init(&s.dice, dice_roll(&d, 1000000));
		s.fiber = fiber_start("stand", stand_main, &s);
		if (s.fiber == NULL)
			fail("no memory for a fiber");
		ring_sleep(ring_self(),
		    clock_after(dice_roll(&d, 10) * CLOCK_MILLISECOND));
		/* It may not have begun, and would put itself on the board. */
		while (dice_roll(&d, 2) == 0)
			fiber_yield();
		fiber_yield();
		put(s.place, NULL, NULL);
		join(&s);
	}
	count_add(COUNT_ACTORS, -1);
}
