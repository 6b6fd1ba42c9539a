/*
 * rdata -- the data of a DNS record as text.
 */
#ifndef RDATA_H
#define RDATA_H

#include "resolver.h"

#include <stddef.h>

/*
 * Fills r from length octets of uncompressed data of a record of this type:
 * an address in numbers; a name without a final dot ("." for the root), what is
 * no plain character escaped as in RFC 1035 5.1; a TXT's strings as one, with
 * "?" for what is not printable.  0, or -1 where the data is malformed or
 * longer than RESOLVER_TEXT.
 */
int rdata_read(struct resolver_record *r, enum resolver_type type,
    const unsigned char *data, size_t length);

#endif
