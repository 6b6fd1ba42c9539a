/*
 * metrics_page -- the status page: what goes on now and did in the last ten
 * minutes, as one document of HTML without scripts or anything to fetch.
 */
#ifndef METRICS_PAGE_H
#define METRICS_PAGE_H

#include <stddef.h>

/* The page, the caller's, *length octets; NULL where memory is out. */
char *metrics_page(size_t *length);

/* Its Content-Security-Policy. */
extern const char metrics_page_policy[];

#endif
