/* What a service manager hears: a socket of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clock.h"
#include "ring.h"
#include "service_notify.h"
#include "worker.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WORKERS	 2
#define WATCHDOG CLOCK_SECOND

static char folder[] = "/tmp/service_notify.XXXXXX", path[64];
static int manager;

/* What the manager was told since the last time, in one text. */
static const char *
heard(void)
{
	static char text[256];
	ssize_t n = recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* A socket at a name, whose first octet may be 0. */
static int
bind_at(const char *name, size_t length)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	memcpy(a.sun_path, name, length);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
	    0);
	return fd;
}

static void
says_it_where_somebody_listens(void **state)
{
	char name[64], text[8] = "", too_long[200];
	int fd;

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(service_notify("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	assert_int_equal(service_notify("READY=1"), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	assert_int_equal(service_notify("READY=1"), 0);
	assert_string_equal(heard(), "READY=1");
	/* One with no file: "@" stands for the octet 0. */
	snprintf(name, sizeof(name), "@service_notify.%d", (int)getpid());
	setenv("NOTIFY_SOCKET", name, 1);
	name[0] = '\0';
	fd = bind_at(name, 1 + strlen(name + 1));
	assert_int_equal(service_notify("STOP"), 0);
	assert_int_equal(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), 4);
	assert_string_equal(text, "STOP");
	close(fd);
	assert_int_equal(service_notify("STOP"), -1);
	assert_int_equal(errno, ECONNREFUSED);
	memset(too_long, 'x', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	setenv("NOTIFY_SOCKET", too_long, 1);
	assert_int_equal(service_notify("STOP"), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

/* Workers that serve for a while. */
static _Atomic unsigned serving;

static void
serve(void *arg)
{
	service_notify_live();
	serving++;
	while (serving < WORKERS)
		ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND));
	ring_sleep(ring_self(), clock_after(*(int64_t *)arg));
	worker_stop();
}

static void
run_workers(int64_t time)
{
	serving = 0;
	assert_int_equal(worker_run(WORKERS, serve, &time), 0);
}

static void
is_ready_once_all_serve(void **state)
{
	int64_t next;

	(void)state;
	setenv("NOTIFY_SOCKET", path, 1);
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(service_notify_open(WORKERS), 0);
	service_notify_begin();
	next = service_notify_tick(clock_now());
	assert_true(next < clock_after(CLOCK_SECOND));
	assert_string_equal(heard(), "");
	/* A reload makes nobody ready. */
	service_notify_reloading();
	service_notify_reloaded();
	assert_string_equal(heard(), "");
	run_workers(0);
	assert_int_equal(service_notify_tick(clock_now()), CLOCK_NEVER);
	assert_string_equal(heard(), "READY=1\nSTATUS=Serving");
	assert_int_equal(service_notify_tick(clock_now()), CLOCK_NEVER);
	assert_string_equal(heard(), "");
	service_notify_reloading();
	assert_memory_equal(heard(), "RELOADING=1\nMONOTONIC_USEC=", 27);
	service_notify_reloaded();
	assert_string_equal(heard(), "READY=1");
}

static void
watch(const char *us, const char *pid)
{
	setenv("WATCHDOG_USEC", us, 1);
	if (pid == NULL)
		unsetenv("WATCHDOG_PID");
	else
		setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(service_notify_open(WORKERS), 0);
	service_notify_begin();
}

/* What is told when something is due again. */
static const char *
tick(int64_t started)
{
	static int64_t due;

	while (clock_now() < due)
		usleep(10000);
	due = service_notify_tick(started);
	return heard();
}

static void
the_watchdog_hears_of_those_that_live(void **state)
{
	char pid[16];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	watch("1000000", pid);
	/* They have the time to start; then they must have been seen. */
	assert_string_equal(tick(clock_now()), "WATCHDOG=1");
	assert_string_equal(tick(clock_now() - 10 * WATCHDOG), "");
	/* Without a client process, it is the parent that counts. */
	assert_string_equal(tick(0), "WATCHDOG=1");
	/* Each says so anew, and often enough. */
	run_workers(WATCHDOG + WATCHDOG / 10);
	assert_string_equal(tick(clock_now() - 10 * WATCHDOG), "WATCHDOG=1");
}

static void
a_watchdog_of_others_is_none(void **state)
{
	(void)state;
	watch("1000000", "1");
	assert_int_equal(service_notify_tick(0), CLOCK_NEVER);
	watch("0", NULL);
	assert_int_equal(service_notify_tick(0), CLOCK_NEVER);
	watch("99999999999999999999", NULL);
	assert_int_equal(service_notify_tick(0), CLOCK_NEVER);
	watch("1000000", NULL);
	assert_int_not_equal(service_notify_tick(0), CLOCK_NEVER);
}

static int
begin(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	manager = bind_at(path, strlen(path));
	return 0;
}

static int
end(void **state)
{
	(void)state;
	close(manager);
	unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_it_where_somebody_listens),
	    cmocka_unit_test(is_ready_once_all_serve),
	    cmocka_unit_test(the_watchdog_hears_of_those_that_live),
	    cmocka_unit_test(a_watchdog_of_others_is_none),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
