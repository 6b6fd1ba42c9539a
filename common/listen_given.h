/*
 * listen_given -- listening sockets that were open before we were: those of
 * systemd's socket units (sd_listen_fds(3)), or of the program that this one
 * takes the place of.
 *
 *	LISTEN_PID	whom they are for
 *	LISTEN_FDS	how many, from descriptor 3 on
 *	LISTEN_FDNAMES	their names, between colons
 *
 * They are kept for as long as the process runs, and given out as duplicates:
 * a listener that a reload takes away may come back.
 */
#ifndef LISTEN_GIVEN_H
#define LISTEN_GIVEN_H

#include "listen.h"

#include <stddef.h>

/* How many there may be. */
#define LISTEN_GIVEN_MAX 1024

/* "systemd:NAME", which has no address. */
int listen_is_named(const char *text);

/* Whether such a name can be one: 0, or -1 with a reason in why[size]. */
int listen_check_name(const char *text, char *why, size_t size);

/*
 * Takes them over, and removes the variables, so that no child takes them for
 * its own.  How many there are; 0 where there are none for this process; -1
 * with a reason in why[size]: one is no stream socket that listens.  Once,
 * before threads start.
 */
int listen_given_take(char *why, size_t size);

/*
 * Takes over one more: with a name, one that was passed to the program whose
 * place this one takes ("": it had none); with NULL, one that it had opened
 * itself.  0, or -1 where it is no stream socket that listens, or one too many.
 */
int listen_given_adopt(int fd, const char *name);

/*
 * Those that text, of the conf, means by name or by their address: fds[0] to
 * fds[count - 1] become duplicates of them in turn, non-blocking and
 * close-on-exec, the caller's.  1; 2: the program before this one had opened
 * them; 0: there is none; -1 with a reason in why[size].
 */
int listen_given_open(
    const char *text, int *fds, unsigned count, char *why, size_t size);

/* The name ("-": none) of the next, from *i = 0 on, that listen_given_open has
 * not given out yet; NULL: no more. */
const char *listen_given_unused(size_t *i);

/* The next that was passed, from *i = 0 on: its descriptor, which stays ours,
 * and its name ("": none); -1: no more. */
int listen_given_next(size_t *i, const char **name);

/* Closes those that the program before this one had opened: the conf has the
 * ones that it wants by now. */
void listen_given_close_own(void);

/* Closes them all: a test's end, mostly. */
void listen_given_close(void);

#endif
