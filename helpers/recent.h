/*
 * recent -- the latest deliveries, by numbers of their letters (entry_key): a
 * repeat of one is known to be done, also where the letter was read and removed
 * meanwhile.
 */
#ifndef RECENT_H
#define RECENT_H

#include <stddef.h>
#include <stdint.h>

/* Deliveries that a repeat is compared with. */
#define RECENT_MAX 8192

struct recent {
	uint64_t keys[RECENT_MAX]; /* 0: none */
	size_t next;
};

void recent_add(struct recent *r, uint64_t key);

/* It was taken back. */
void recent_remove(struct recent *r, uint64_t key);

int recent_has(const struct recent *r, uint64_t key);

#endif
