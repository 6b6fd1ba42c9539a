/*
 * service_limits -- what so many sessions take of what the system limits.
 */
#ifndef SERVICE_LIMITS_H
#define SERVICE_LIMITS_H

#include <stdint.h>
#include <sys/types.h>

/* Each session may hold its socket and a letter: raises the limit of a process
 * (0: this one), as far as that is allowed. */
void service_limits_raise_files(pid_t pid, int64_t sessions);

/*
 * Where each stack takes two mappings, says so if there can't be as many
 * sessions as the conf allows: that limit is the whole machine's, so it is not
 * ours to raise.
 */
void service_limits_check_mappings(int64_t sessions);

#endif
