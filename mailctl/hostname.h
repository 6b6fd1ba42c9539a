/*
 * hostname -- what this host is called.
 */
#ifndef HOSTNAME_H
#define HOSTNAME_H

#include <stddef.h>

/* Its full name, where it or its resolver knows one, else the short one, or ""
 * where it has none, to name[size].  May ask DNS, and wait for it. */
void hostname_find(char *name, size_t size);

#endif
