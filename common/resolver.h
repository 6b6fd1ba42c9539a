/*
 * resolver -- the stub of the resolver helper: DNS without a wait in a worker.
 * Calls wait (the fiber parks) and take an absolute deadline.
 */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct device;

enum resolver_type {
	RESOLVER_A = 1,
	RESOLVER_PTR = 12,
	RESOLVER_MX = 15,
	RESOLVER_TXT = 16,
	RESOLVER_AAAA = 28
};

enum resolver_result {
	RESOLVER_FOUND,
	RESOLVER_NONE,	   /* no such name, or no such record */
	RESOLVER_BOGUS,	   /* DNSSEC says that somebody lies */
	RESOLVER_TEMPORARY /* no answer in time, or the helper is away */
};

/* How many records of one answer are kept, and octets of each. */
#define RESOLVER_RECORDS 16
#define RESOLVER_TEXT	 1024

struct resolver_record {
	uint16_t preference;	  /* MX */
	char text[RESOLVER_TEXT]; /* address as text, host name, or TXT */
};

struct resolver_answer {
	int secure;   /* validated by DNSSEC */
	uint32_t ttl; /* seconds */
	unsigned count;
	struct resolver_record *records; /* free with resolver_answer_free */
};

/* Looks name up.  The answer is the caller's, empty unless FOUND. */
enum resolver_result resolver_lookup(struct device *d, const char *name,
    enum resolver_type type, struct resolver_answer *answer, int64_t deadline);

void resolver_answer_free(struct resolver_answer *answer);

/*
 * The name of an address, confirmed: PTR, then A or AAAA of that name, one of
 * which must be the address.  host[size] gets the name without a final dot.
 * Any other result than FOUND leaves "".
 */
enum resolver_result resolver_host_of(struct device *d,
    const struct sockaddr *address, char *host, size_t size, int64_t deadline);

#endif
