/*
 * maildirsize -- the Maildir++ quota file, as Dovecot and Courier read it: the
 * limits in the first line, octets and messages of a change in each other one.
 *
 * The owner may write what he likes there, so it is never read.  Call
 * owner_become first.  Paths as in maildir.h.
 */
#ifndef MAILDIRSIZE_H
#define MAILDIRSIZE_H

#include <stdint.h>

/* A larger one is to be made anew. */
#define MAILDIRSIZE_MAX 5120

/* What a mailbox may hold (0: no limit), or does. */
struct maildirsize {
	uint64_t octets, messages;
};

/* Makes it anew.  0, or -1 with errno. */
int maildirsize_write(const char *path, const struct maildirsize *limit,
    const struct maildirsize *used);

/*
 * Adds a line.  Returns 0; 1 where it should be made anew, since it is not
 * there, no file, or too large; -1 with errno.
 */
int maildirsize_add(const char *path, int64_t octets, int64_t messages);

#endif
