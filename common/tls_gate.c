#include "tls_gate.h"

#include "clock.h"
#include "sched.h"

#include <stddef.h>

/* One that waits for its turn, on its fiber's stack. */
struct turn {
	struct turn *next;
	struct ring ring;
	int has_come;
};

/* The calling worker's. */
static _Thread_local struct {
	struct turn *head, *last;
	int taken; /* by how many: one, and those that did not wait */
} gate;

/* The queue is of those that wait, on their own stacks: none leaves its
 * function while it stands there. */
static void
forget(const struct turn *mine)
{
	struct turn **at = &gate.head, *before = NULL;

	while (*at != mine) {
		before = *at;
		at = &(*at)->next;
	}
	*at = mine->next;
	if (gate.last == mine)
		gate.last = before;
}

static void
join(struct turn *mine)
{
	ring_init(&mine->ring);
	if (gate.head == NULL)
		gate.head = mine;
	else
		gate.last->next = mine;
	gate.last = mine;
}

void
tls_gate_enter(void)
{
	struct turn mine = {0};

	if (gate.taken > 0) {
		join(&mine);
		while (
		    !mine.has_come && ring_wait(&mine.ring, CLOCK_NEVER) == 0)
			;
		forget(&mine);
		/* Whoever left has left it taken, for us. */
		if (mine.has_come)
			return;
	}
	gate.taken++;
}

void
tls_gate_leave(void)
{
	struct turn *next = gate.head;

	if (next == NULL || next->has_come || gate.taken > 1) {
		gate.taken--;
		return;
	}
	next->has_come = 1;
	ring_notify(&next->ring);
	/* Descriptors come first: it stands behind whoever they wake. */
	sched_worker()->budget = 0;
}
