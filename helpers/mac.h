/*
 * mac -- HMAC-SHA-256 (RFC 2104) of many texts under one key: what the library
 * looks up by name, and what it makes of the key, is done once, which takes
 * most of the time of a sum.  For one thread only.
 */
#ifndef MAC_H
#define MAC_H

#include <stddef.h>

#define MAC_SIZE 32

struct mac;

/* A key of length octets (1 or more), which is copied; the caller's, for
 * mac_close.  NULL where the library fails. */
struct mac *mac_open(const void *key, size_t length);

/* Wipes and frees it (NULL is fine), and sets *m to NULL. */
void mac_close(struct mac **m);

/* The sum of length octets; nothing of them is kept.  0, or -1 where the
 * library fails, and where m is NULL. */
int mac_sum(struct mac *m, const void *data, size_t length,
    unsigned char sum[MAC_SIZE]);

#endif
