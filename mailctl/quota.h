/*
 * quota -- what a mailbox may hold, as people write it.
 */
#ifndef QUOTA_H
#define QUOTA_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads "BYTES[,MESSAGES]", where BYTES may end in K, M, G or T (powers of
 * 1,024); 0 stands for no limit.  0, or -1 where it is none.
 */
int quota_parse(const char *text, uint64_t *octets, uint64_t *messages);

/* As quota_parse reads it, or "none", to to[size]. */
#define QUOTA_TEXT_MAX 48
void quota_print(uint64_t octets, uint64_t messages, char *to, size_t size);

#endif
