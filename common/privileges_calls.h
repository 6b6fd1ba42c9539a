/*
 * privileges_calls -- the system calls of a struct privileges: groups, and
 * seccomp.
 */
#ifndef PRIVILEGES_CALLS_H
#define PRIVILEGES_CALLS_H

#include "privileges.h"

/*
 * From now on every call but p->calls fails with EPERM.  Three calls are
 * allowed for some arguments only: clone (threads; clone3 fails with ENOSYS,
 * so that the C library takes clone), prctl (the thread's name, the signal at
 * the parent's death), and setresuid and setresgid, which are allowed where p
 * keeps the capability, to change the effective id alone, to p->lowest_uid or
 * above or back to own.  Call it with one thread.  0, or -1 with errno; then a
 * log line has named what was wrong.
 */
int privileges_calls_enforce(
    const struct privileges *p, const struct privileges_place *own);

#endif
