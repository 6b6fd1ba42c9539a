#include "accounts_link.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "ring.h"

#include <errno.h>

#define LOOK_EVERY (20 * CLOCK_MILLISECOND)

static int
send_by(int link, const struct packet *p, int64_t deadline)
{
	if (p->error != 0) {
		errno = p->error;
		return -1;
	}
	while (packet_send(link, p) == -1) {
		if (errno != EAGAIN || clock_now() >= deadline)
			return -1;
		if (ring_sleep(ring_self(), clock_after(LOOK_EVERY)) == -1 &&
		    errno == ECANCELED)
			return -1;
	}
	return 0;
}

int
accounts_link_tell(
    int link, const struct packet *p, const char *name, int64_t deadline)
{
	if (send_by(link, p, deadline) == 0)
		return 0;
	if (!fiber_cancelled())
		log_error("link.failed", log_text("name", name),
		    log_int("type", p->head.type), log_errno(errno));
	return -1;
}
