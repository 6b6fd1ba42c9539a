/*
 * idn -- domain names as they are looked up (RFC 5890): A-labels, lower case.
 */
#ifndef IDN_H
#define IDN_H

#include <stddef.h>

/*
 * Writes the domain, a string of ASCII and of U-labels in UTF-8, with A-labels
 * to to[size] (ADDRESS_DOMAIN_MAX + 1 is enough).  0, or -1 where it is none
 * that IDNA 2008 knows, or one too long.
 */
int idn_to_ascii(const char *domain, char *to, size_t size);

#endif
