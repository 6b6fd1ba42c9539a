/*
 * tls_renew -- certificates that come in the place of others, by a reload.  One
 * with a key of its own is of no use until the keys helper has that key; and
 * who has put both in place may reload the services in any order.  So the ones
 * before stay until theirs have come.  For service_renew.c alone.
 */
#ifndef TLS_RENEW_H
#define TLS_RENEW_H

#include "tls_files.h"
#include "tls_sign.h"

/* A certificate, in the place of which another is shown. */
struct tls_renew_one {
	unsigned char key[TLS_KEY_NAME]; /* of the new one */
	size_t from, to;		 /* its parts in wanted */
	size_t old_from, old_to;	 /* those of the old one in shown */
	const char *file;		 /* of wanted; no NUL behind it */
	size_t file_length;
};

struct tls_renew {
	struct tls_files wanted, shown;
	struct tls_renew_one *ones; /* in the order of wanted */
	size_t count;
};

/*
 * What has to be known before wanted can be shown after shown; copies both.
 * A certificate comes in the place of that of the same file, else of the first
 * one with the same hosts and kind of key; where the key is the same, or
 * nothing was there, it is not among ones.  0, or -1 without memory;
 * tls_renew_free frees it all, also where it is all zeroes.
 */
int tls_renew_begin(struct tls_renew *r, const struct tls_files *wanted,
    const struct tls_files *shown);
void tls_renew_free(struct tls_renew *r);

/*
 * What to show: wanted, but the old certificate in the place of each one whose
 * has[i] is 0.  The caller's (tls_files_free).  0, or -1: no memory.
 */
int tls_renew_merge(const struct tls_renew *r, const unsigned char *has,
    struct tls_files *merged);

#endif
