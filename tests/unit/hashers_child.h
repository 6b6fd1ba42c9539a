/*
 * hashers_child -- the hashers as processes of their own, for tests of what
 * asks them.
 */
#ifndef HASHERS_CHILD_H
#define HASHERS_CHILD_H

#include "../../helpers/helper.h"
#include "../../helpers/settings.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t hashers_pids[HELPER_HASHERS_MAX];
static int hashers_ends[HELPER_HASHERS_MAX];
static unsigned hashers_count;

/* Starts one at this end of its pair. */
static inline pid_t
hashers_fork(const struct helper *from, int end)
{
	struct helper own = *from;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	own.link_hash[0] = end;
	_exit(hasher_run(&own));
}

/* Starts so many, whose other ends h gets: 0, or -1.  Both ends stay open, as
 * with the helpers' parent. */
static inline int
hashers_start(struct helper *h, unsigned count)
{
	const int type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
	char empty[128];
	int pair[2];

	snprintf(empty, sizeof(empty), "%s/empty", h->conf->run);
	mkdir(empty, 0755);
	h->hashers = 0;
	for (unsigned i = 0; i < count; i++) {
		if (socketpair(AF_UNIX, type, 0, pair) == -1)
			return -1;
		h->link_hash[h->hashers++] = pair[0];
		hashers_ends[i] = pair[1];
		hashers_pids[i] = hashers_fork(h, pair[1]);
		if (hashers_pids[i] == -1)
			return -1;
	}
	hashers_count = count;
	return 0;
}

static inline void
hashers_stop(void)
{
	int status;

	for (unsigned i = 0; i < hashers_count; i++) {
		kill(hashers_pids[i], SIGTERM);
		waitpid(hashers_pids[i], &status, 0);
		close(hashers_ends[i]);
	}
	hashers_count = 0;
}

#endif
