#include "service_notify.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "ring.h"
#include "worker.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* How often the parent looks whether its client process serves. */
#define READY_EVERY (20 * CLOCK_MILLISECOND)
/* Beats, and looks at them, in a watchdog's time. */
#define BEATS 4

static struct {
	unsigned workers;
	int64_t watchdog; /* ns; 0: there is none */
	int64_t next;	  /* when the manager is told again */
	int is_ready;	  /* it was told */
	/* When each worker was last seen alive, monotonic ns; 0: not yet. */
	_Atomic int64_t *beats;
} own;

int
service_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	socklen_t length;
	ssize_t n;
	int fd, saved;

	if (path == NULL || path[0] == '\0')
		return 0;
	if (strlen(path) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(to.sun_path, path, strlen(path));
	length =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	n = sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&to, length);
	saved = errno;
	close(fd);
	errno = saved;
	return n == (ssize_t)strlen(state) ? 0 : -1;
}

static void
tell(const char *state)
{
	if (service_notify(state) == -1)
		log_warn("notify.failed", log_text("state", state),
		    log_errno(errno));
}

/* Nanoseconds of $WATCHDOG_USEC, if it is meant for this process; 0. */
static int64_t
read_watchdog(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	long long us;

	if (text == NULL ||
	    (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	errno = 0;
	us = strtoll(text, NULL, 10);
	if (errno != 0 || us <= 0 || us > INT64_MAX / 1000)
		return 0;
	return us * 1000;
}

int
service_notify_open(unsigned workers)
{
	void *memory = mmap(NULL, workers * sizeof(*own.beats),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	own.beats = memory;
	own.workers = workers;
	own.watchdog = read_watchdog();
	return 0;
}

void
service_notify_begin(void)
{
	for (unsigned i = 0; i < own.workers; i++)
		atomic_store(&own.beats[i], 0);
}

static void
beat(void *arg)
{
	_Atomic int64_t *at = arg;

	while (!fiber_cancelled()) {
		atomic_store(at, clock_now());
		ring_sleep(ring_self(), clock_after(own.watchdog / BEATS));
	}
}

void
service_notify_live(void)
{
	service_notify_live_as(worker_index());
}

void
service_notify_start_as(unsigned number)
{
	if (number < own.workers)
		atomic_store(&own.beats[number], 0);
}

void
service_notify_live_as(unsigned number)
{
	_Atomic int64_t *at;

	if (number >= own.workers)
		return;
	at = &own.beats[number];
	atomic_store(at, clock_now());
	if (own.watchdog > 0 && fiber_spawn("watchdog", beat, at) == -1)
		log_error("watchdog.failed", log_errno(errno));
}

/* The worker that was silent for longest: when it was last seen; 0 for one that
 * does not serve yet. */
static int64_t
last_seen(void)
{
	int64_t oldest = CLOCK_NEVER, at;

	for (unsigned i = 0; i < own.workers; i++) {
		at = atomic_load(&own.beats[i]);
		if (at < oldest)
			oldest = at;
	}
	return oldest;
}

int
service_notify_is_ready(void)
{
	return last_seen() > 0;
}

int64_t
service_notify_tick(int64_t started)
{
	int64_t now = clock_now(), seen = last_seen();

	if (!own.is_ready && seen > 0) {
		own.is_ready = 1;
		tell("READY=1\nSTATUS=Serving");
	}
	if (own.watchdog > 0 && now >= own.next) {
		/* Where there is no client process, or a new one, the parent
		 * sees to it. */
		if (seen < started)
			seen = started;
		if (started == 0 || now - seen < own.watchdog)
			tell("WATCHDOG=1");
		else
			log_error("watchdog.silent",
			    log_int("ms", (now - seen) / CLOCK_MILLISECOND));
		own.next = now + own.watchdog / BEATS;
	}
	if (!own.is_ready && getenv("NOTIFY_SOCKET") != NULL)
		return now + READY_EVERY;
	return own.watchdog > 0 ? own.next : CLOCK_NEVER;
}

void
service_notify_reloading(void)
{
	char state[80];

	if (!own.is_ready)
		return;
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)(clock_now() / 1000));
	tell(state);
}

void
service_notify_reloaded(void)
{
	if (own.is_ready)
		tell("READY=1");
}
