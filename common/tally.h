/*
 * tally -- how many there are at a time of each of many kinds (sessions of an
 * address, of a user), over all workers of a process.  Any thread; a lock is
 * held for some comparisons at most, and never while anybody waits.
 */
#ifndef TALLY_H
#define TALLY_H

#include "listen.h"

#include <stddef.h>
#include <stdint.h>

struct tally;

/* A key at most, octets. */
#define TALLY_KEY_MAX 512

/* An empty one, for the life of the process.  NULL with errno. */
struct tally *tally_open(void);

/*
 * One more of key (length octets, copied), of which there may be limit.  0, or
 * -1 with errno EBUSY (there are so many), or ENOMEM.
 */
int tally_take(struct tally *t, const void *key, size_t length, unsigned limit);

/* One less of what tally_take took. */
void tally_give(struct tally *t, const void *key, size_t length);

/* How many kinds there are. */
size_t tally_kinds(struct tally *t);

/* The key of an address: an IPv4 address, or the network (64 bits) of an IPv6
 * one, of which one client may have any number.  Returns its length. */
#define TALLY_ADDRESS 9
size_t tally_address(
    const union listen_address *address, unsigned char key[TALLY_ADDRESS]);

/* The key of the network of such a key: 24 bits of IPv4, 48 of IPv6.  Returns
 * its length. */
size_t tally_network(const unsigned char *address, size_t length,
    unsigned char key[TALLY_ADDRESS]);

#endif
