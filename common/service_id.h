/*
 * service_id -- the numbers of sessions, which stand in all their log lines: no
 * two are alike, and none tells of the next.  Any thread.
 */
#ifndef SERVICE_ID_H
#define SERVICE_ID_H

#include <stdint.h>

/* Once, before the workers. */
void service_id_begin(void);

uint64_t service_id_next(void);

/* How many there were so far. */
unsigned long long service_id_count(void);

#endif
