#include "metrics_park.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct entry {
	uint32_t role, sets;
};

union control {
	struct cmsghdr head;
	char octets[CMSG_SPACE(METRICS_PARK_MOST * sizeof(int))];
};

/* Its descriptors to fds[METRICS_PARK_MOST]; how many. */
static size_t
read_descriptors(struct msghdr *m, int *fds)
{
	size_t count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	     c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    count == 0) {
			count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(fds, CMSG_DATA(c), count * sizeof(int));
		}
	return count;
}

size_t
metrics_park_take(const int pair[2], struct metrics_parked *to)
{
	struct entry entries[METRICS_PARK_MOST];
	int fds[METRICS_PARK_MOST];
	union control control;
	struct iovec octets = {.iov_base = entries, .iov_len = sizeof(entries)};
	struct msghdr m = {.msg_iov = &octets,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(pair[0], &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	size_t i, count, have;

	if (n == -1)
		return 0;
	count = read_descriptors(&m, fds);
	have = (size_t)n / sizeof(entries[0]);
	for (i = 0; i < count && i < have; i++)
		to[i] = (struct metrics_parked){
		    entries[i].role, entries[i].sets, fds[i]};
	have = i;
	for (; i < count; i++)
		close(fds[i]);
	return have;
}

static void
empty(const int pair[2])
{
	struct metrics_parked old[METRICS_PARK_MOST];
	size_t n;

	while ((n = metrics_park_take(pair, old)) > 0)
		while (n > 0)
			close(old[--n].fd);
}

int
metrics_park_put(
    const int pair[2], const struct metrics_parked *parked, size_t n)
{
	struct entry entries[METRICS_PARK_MOST];
	int fds[METRICS_PARK_MOST];
	union control control = {.head = {.cmsg_level = SOL_SOCKET,
				     .cmsg_type = SCM_RIGHTS,
				     .cmsg_len = CMSG_LEN(n * sizeof(int))}};
	struct iovec octets = {
	    .iov_base = entries, .iov_len = n * sizeof(entries[0])};
	struct msghdr m = {.msg_iov = &octets,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_SPACE(n * sizeof(int))};

	empty(pair);
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		entries[i] = (struct entry){parked[i].role, parked[i].sets};
		fds[i] = parked[i].fd;
	}
	memcpy(CMSG_DATA(&control.head), fds, n * sizeof(int));
	return sendmsg(pair[1], &m, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 ? -1 : 0;
}
