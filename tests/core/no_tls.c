/*
 * The end of the core: its proofs run without OpenSSL and the keys helper, and
 * no connection of theirs is encrypted.
 */
#include "tls.h"

#include <stdlib.h>

void
tls_close(struct tls **t)
{
	if (*t != NULL)
		abort();
}

int
tls_has_input(const struct tls *t)
{
	(void)t;
	abort();
}

ssize_t
tls_read(struct tls *t, void *data, size_t size)
{
	(void)t;
	(void)data;
	(void)size;
	abort();
}

ssize_t
tls_write(struct tls *t, const void *data, size_t size)
{
	(void)t;
	(void)data;
	(void)size;
	abort();
}
