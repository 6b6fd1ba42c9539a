/* hex -- octets as text: two hexadecimal digits each, in lower case. */
#ifndef HEX_H
#define HEX_H

#include <stddef.h>

/* The digits of count octets and a NUL to to[2 * count + 1]: where the NUL
 * stands. */
char *hex_put(char *to, const void *octets, size_t count);

#endif
