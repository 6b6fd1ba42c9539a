/*
 * address -- local@domain in canonical form: lower case in both parts (RFC
 * 5321 2.4 leaves the local part to the receiver; see address_setup), quotes
 * taken off.
 *
 * A user's address serves as a path below the mail root, so only octets that
 * are harmless there are let in.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include "conf.h"
#include "kv.h"
#include "wire.h"

/* Octets of the two parts: RFC 5321 4.5.3.1.1, 4.5.3.1.2. */
#define ADDRESS_LOCAL_MAX  64
#define ADDRESS_DOMAIN_MAX 255

struct address {
	char local[ADDRESS_LOCAL_MAX + 1];
	char domain[ADDRESS_DOMAIN_MAX + 1];
};

enum address_status {
	ADDRESS_OK,
	ADDRESS_BAD_LOCAL, /* the domain is fine, and set */
	ADDRESS_BAD,	   /* no "@", or no such domain can be */
};

/*
 * The domains whose local parts keep their case, "*" for all; borrowed for the
 * life of the process.  Until then there are none.  A postmaster is one in any
 * case (RFC 5321 4.5.1).
 */
void address_setup(const struct conf_list *domains);

/* Whether the domain, canonical, is one of them. */
int address_is_exact(const char *domain);

/* Reads text into *a; the parts that are not fine are "". */
enum address_status address_parse(const char *text, struct address *a);

/* As address_parse, of a name as the directory has it: its case stays, whatever
 * holds for its domain by now. */
enum address_status address_parse_stored(const char *text, struct address *a);

/* Reads a domain alone, canonical, to domain[ADDRESS_DOMAIN_MAX + 1]: 0 or -1
 * where it is none: labels of letters, digits and hyphens (RFC 5321 2.3.5). */
int address_parse_domain(const char *text, char *domain);

/*
 * Reads a local part, canonical, to local[ADDRESS_LOCAL_MAX + 1]: 0 or -1
 * where it can be no name here: the atext of RFC 5321 4.1.2, UTF-8 (RFC 6531
 * 3.3; case matters in it) and dots, but no "/", no dot at either end, no two
 * in a row.  is_exact: it keeps its case.
 */
int address_parse_local(const char *text, int is_exact, char *local);

/*
 * Reads "@domain", which stands for whatever has no name in the domain: the
 * local part becomes "".  0, or -1 where it is none.
 */
int address_parse_catch_all(const char *text, struct address *a);

/* local@domain to name[WIRE_NAME_MAX]. */
void address_name(const struct address *a, char *name);

/* The key by which tables hold it to key[KV_KEY_MAX]: domain/local, so that a
 * domain's names stand together.  And back: 0, or -1 where key is none. */
void address_key(const struct address *a, char *key);
int address_from_key(const char *key, struct address *a);

#endif
