/* What all kinds of load need: see tls_load.h. */
#include "tls_load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define TIMES_MAX 1000000

static int64_t times[TIMES_MAX];
static size_t times_count;

int64_t
load_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

int64_t
load_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

void
load_die(const char *why)
{
	fprintf(stderr, "tls_load: %s: %s\n", why, strerror(errno));
	exit(1);
}

int
load_connect(int to_port, int flags)
{
	const int on = 1;
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)to_port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	if (fd == -1)
		load_die("socket");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1 &&
	    errno != EINPROGRESS)
		load_die("connect");
	return fd;
}

void
load_took(int64_t ns)
{
	if (times_count < TIMES_MAX)
		times[times_count++] = ns;
}

/* The one below which so many of a hundred are, in us. */
static double
share(size_t percent)
{
	size_t at = times_count * percent / 100;

	if (at >= times_count)
		at = times_count - 1;
	return (double)times[at] / 1e3;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void
load_print_times(void)
{
	if (times_count == 0)
		return;
	qsort(times, times_count, sizeof(*times), compare);
	printf("count=%zu median_us=%.1f p90_us=%.1f p99_us=%.1f most_us=%.1f ",
	    times_count, share(50), share(90), share(99), share(100));
}
