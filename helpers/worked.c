#include "worked.h"

#include "fiber.h"

#include <sys/stat.h>
#include <unistd.h>

/* Steps that are told of at once. */
#define STEPS 16

static struct worked *watched;

static void
tell(const struct worked *w)
{
	const uint32_t numbers[2] = {w->total, w->done};

	/* It is there to be looked at: nothing is lost with it. */
	if (pwrite(w->fd, numbers, sizeof(numbers), 0) == -1)
		return;
}

void
worked_watch(struct worked *w, int fd)
{
	struct stat st;

	*w = (struct worked){.fiber = fiber_self(), .fd = fd};
	/* Nothing else takes what is written without a wait. */
	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return;
	w->next = watched;
	watched = w;
}

void
worked_ignore(struct worked *w)
{
	struct worked **at = &watched;

	while (*at != NULL && *at != w)
		at = &(*at)->next;
	if (*at != NULL)
		*at = w->next;
	if (w->fd != -1)
		close(w->fd);
	w->fd = -1;
}

struct worked *
worked_begin(size_t total)
{
	struct worked *w = watched;

	while (w != NULL && w->fiber != fiber_self())
		w = w->next;
	if (w == NULL || total == 0 || total > UINT32_MAX)
		return NULL;
	w->total = (uint32_t)total;
	w->done = 0;
	tell(w);
	return w;
}

void
worked_step(struct worked *w)
{
	if (w == NULL)
		return;
	if (++w->done == w->total)
		w->total = w->done = 0;
	if (w->done % STEPS == 0)
		tell(w);
}
