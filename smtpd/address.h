/*
 * address -- paths and domains as SMTP writes them (RFC 5321 4.1.2, 4.1.3; RFC
 * 6531 3.3).
 *
 * Pure: works on octets with a length, allocates nothing, reads no octet past
 * the length.  Results are slices of the text that was given.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stddef.h>

/* RFC 5321 4.5.3.1.1 to 4.5.3.1.3, octets; a path counts its brackets. */
#define ADDRESS_LOCAL_MAX  64
#define ADDRESS_DOMAIN_MAX 255
#define ADDRESS_PATH_MAX   256

/* Room for any address that address_path takes, formatted, with a NUL. */
#define ADDRESS_TEXT_MAX (ADDRESS_PATH_MAX + 1)

struct address {
	const char *local;    /* as written: maybe a quoted string */
	size_t local_length;  /* 0: the null reverse-path */
	const char *domain;   /* or an address literal with its brackets */
	size_t domain_length; /* 0: the null reverse-path, or Postmaster */
	int is_utf8;	      /* not all of it is ASCII */
};

enum address_result {
	ADDRESS_OK,
	ADDRESS_SYNTAX,
	ADDRESS_TOO_LONG /* well formed so far, and past a limit */
};

enum address_flags {
	ADDRESS_NULL = 1,	/* "<>" is allowed: a reverse-path */
	ADDRESS_POSTMASTER = 2, /* "<Postmaster>" is: a forward-path */
	ADDRESS_UTF8 = 4	/* as RFC 6531 3.3 has it */
};

/*
 * Reads the path in angle brackets that text begins with.  A source route is
 * checked and left out (RFC 5321 4.1.1.3, appendix C).  On ADDRESS_OK *a holds
 * its parts and *used the octets up to and with the closing bracket; both are
 * untouched otherwise.
 */
enum address_result address_path(const char *text, size_t length, int flags,
    struct address *a, size_t *used);

/* Octets of the domain at the beginning of text, 0 where there is none; of one
 * that may have U-labels. */
size_t address_domain(const char *text, size_t length);
size_t address_domain_utf8(const char *text, size_t length);

/* Likewise of an address literal: "[192.0.2.1]" or "[IPv6:2001:db8::1]". */
size_t address_literal(const char *text, size_t length);

/*
 * Writes a into to[size] as local@domain with the fewest quotes (RFC 5321
 * 4.1.2: all quoted forms are equivalent), "" for the null reverse-path and
 * "postmaster" for one without a domain.  Returns its length, or -1 where it
 * does not fit (never with ADDRESS_TEXT_MAX).
 */
int address_format(const struct address *a, char *to, size_t size);

#endif
