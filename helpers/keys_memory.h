/*
 * keys_memory -- the memory of the keys helper: nothing of it reaches a swap
 * device, and what held a part of a key is wiped as it is freed.
 */
#ifndef KEYS_MEMORY_H
#define KEYS_MEMORY_H

/*
 * First of all, as root, before OpenSSL has allocated anything: OpenSSL keeps
 * the private parts of keys, and what it computes with them, in an arena that
 * is locked and behind guard pages; what it copies elsewhere meanwhile (as it
 * decodes a file), it wipes.  Where the limit may be lifted, all else is locked
 * as it is touched (stacks of fibers are mostly untouched), and *is_all is 1.
 * 0, or -1 after a line.
 */
int keys_memory_begin(int *is_all);

/* Once the keys have been read: where it may not, locks at least what is there,
 * with some room for keys that come later.  As above. */
int keys_memory_lock(int is_all);

#endif
