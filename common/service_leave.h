/*
 * service_leave -- a client process whose place another one takes: it accepts
 * no more, and serves those whom it has until they are gone.
 */
#ifndef SERVICE_LEAVE_H
#define SERVICE_LEAVE_H

/* Tells all workers.  On one of them, once; may wait for a busy one. */
void service_leave_begin(unsigned workers);

/* Whether no worker accepts, and the last session has ended. */
int service_leave_is_done(void);

#endif
