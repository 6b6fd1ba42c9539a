/*
 * syncer -- a thread that makes the mail file system durable while its owner
 * goes on taking mail.  One request at a time.
 */
#ifndef SYNCER_H
#define SYNCER_H

#include <stdint.h>

struct syncer;

/*
 * Starts the thread, which calls sync(arg) each time it is asked: 0, or -1
 * with errno.  NULL with errno.
 */
struct syncer *syncer_start(int (*sync)(void *arg), void *arg);

/* Asks for a sync of all that was written up to now.  It must be idle. */
void syncer_ask(struct syncer *s);

enum syncer_state { SYNCER_IDLE, SYNCER_BUSY, SYNCER_DONE, SYNCER_FAILED };

/*
 * How the last request fares; wait: waits until it is done.  SYNCER_DONE and
 * SYNCER_FAILED (errno says why) come once and leave it idle.
 */
enum syncer_state syncer_answer(struct syncer *s, int wait);

/* How long the last sync took, ns, once it was answered. */
int64_t syncer_took(const struct syncer *s);

/* Waits for the end of what it does, ends it, frees it; *s becomes NULL. */
void syncer_stop(struct syncer **s);

#endif
