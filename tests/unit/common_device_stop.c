/* A device whose worker stops while nothing is under way. */
#include "clock.h"
#include "device.h"
#include "fiber.h"
#include "ring.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TYPE = 9, LIMIT = 2 };

/* Who calls then is told that it ends: it is no fault of the other end. */
static void
call_late(void *arg)
{
	struct packet request, reply;
	struct device *device;
	int pair[2];

	(void)arg;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	device = device_attach("pair", pair[1], LIMIT);
	assert_non_null(device);
	packet_init(&request, TYPE);
	packet_init(&reply, 0);
	fiber_shield(1);
	worker_stop();
	ring_sleep(ring_self(), clock_after(30 * CLOCK_MILLISECOND));
	assert_int_equal(device_call(device, &request, &reply, 0,
			     clock_after(20 * CLOCK_SECOND)),
	    -1);
	assert_int_equal(errno, ECANCELED);
	fiber_shield(0);
	packet_free(&request);
	packet_free(&reply);
	device_close(&device);
	close(pair[0]);
}

static void
test_call_after_the_stop(void **state)
{
	(void)state;
	assert_int_equal(worker_run(1, call_late, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_call_after_the_stop)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
