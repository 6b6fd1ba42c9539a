/*
 * base64 -- RFC 4648 4, and nothing more lenient than it: SASL responses.
 */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

/* Octets of text that n octets become, without a NUL. */
#define BASE64_LENGTH(n) (((n) + 2) / 3 * 4)

/*
 * Writes n octets as text to to[BASE64_LENGTH(n) + 1], with a NUL.  Returns
 * the text's length.
 */
size_t base64_encode(const void *from, size_t n, char *to);

/*
 * Reads n octets of text to to[size]; to may be where the text stands.  Returns
 * 0 with *length, or -1 where it is no base64 (other characters, a length that
 * is no multiple of 4, padding elsewhere than at the end, bits that the
 * padding leaves over: RFC 4648 3.5) or does not fit.
 */
int base64_decode(
    const char *from, size_t n, void *to, size_t size, size_t *length);

#endif
