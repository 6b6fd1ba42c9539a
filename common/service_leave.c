#include "service_leave.h"

#include "log.h"
#include "service_accept.h"
#include "worker.h"

#include <stdatomic.h>

static struct service_errand errands[WORKER_MAX];
static atomic_uint accepting; /* workers */

static void
stop_accepting(struct service_errand *e)
{
	(void)e;
	service_accept_close();
	atomic_fetch_sub(&accepting, 1);
}

void
service_leave_begin(unsigned workers)
{
	log_info("service.leaving",
	    log_int("sessions", (int64_t)service_accept_count()));
	atomic_store(&accepting, workers);
	for (unsigned i = 0; i < workers; i++) {
		errands[i].run = stop_accepting;
		/* One that has ended accepts nothing. */
		if (service_accept_send(i, &errands[i]) == -1)
			atomic_fetch_sub(&accepting, 1);
	}
}

int
service_leave_is_done(void)
{
	/* In this order: who has stopped accepting brings no session. */
	return atomic_load(&accepting) == 0 && service_accept_count() == 0;
}
