/*
 * mailbox_visit -- the stub of requests about an open maildrop that pop3d makes
 * only where its conf asks for them: when its user was there last, and which
 * letters he has seen.  Calls wait and take an absolute deadline.
 */
#ifndef MAILBOX_VISIT_H
#define MAILBOX_VISIT_H

#include "listen.h"
#include "mailbox.h"

#include <stdint.h>

struct mailbox_visit {
	int64_t when; /* wall clock, ns; 0: never */
	char address[LISTEN_TEXT_MAX];
};

/*
 * Notes that the maildrop's user has come from address.  Before that: refused,
 * and not noted, with MAILBOX_TOO_SOON where the last time is less than delay
 * ns ago.  MAILBOX_OK, MAILBOX_TOO_SOON (both with *before filled) or
 * MAILBOX_TEMPORARY.  What is noted outlives the helper, and the machine unless
 * that stops within seconds.
 */
enum mailbox_result mailbox_visit(struct mailbox_session *s, int64_t delay,
    const char *address, struct mailbox_visit *before, int64_t deadline);

/* Files of one mailbox_mark. */
#define MAILBOX_MARK_MAX 100

/*
 * Flags the letters named by n files of the snapshot as seen: moves them to
 * cur/ with ":2,S".  One that has gone is passed over.  MAILBOX_OK or
 * MAILBOX_TEMPORARY.
 */
enum mailbox_result mailbox_mark(struct mailbox_session *s,
    const char *const *files, uint32_t n, int64_t deadline);

#endif
