#include "conn_buffer.h"

#include "conn.h"
#include "sched.h"

#include <stdlib.h>

/* Free buffers that a worker keeps at most. */
enum { BUFFERS_KEPT = 64 };

char *
conn_buffer_get(void)
{
	struct worker *w = sched_worker();
	void *b = w->buffers;

	if (b == NULL)
		return malloc(CONN_BUFFER);
	w->buffers = *(void **)b;
	w->buffers_idle--;
	return b;
}

void
conn_buffer_put(char **b)
{
	struct worker *w = sched_worker();
	void *buffer = *b;

	if (buffer == NULL)
		return;
	*b = NULL;
	if (w->buffers_idle >= BUFFERS_KEPT) {
		free(buffer);
		return;
	}
	*(void **)buffer = w->buffers;
	w->buffers = buffer;
	w->buffers_idle++;
}
