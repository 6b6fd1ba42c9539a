/* proxy -- any octets as a head of the PROXY protocol, in all their parts. */
#include "proxy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of its own, so that no octet behind it is read. */
static enum proxy_result
parse(const uint8_t *data, size_t size, struct proxy *p)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);
	enum proxy_result result;

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	result = proxy_parse(copy, size, p);
	free(copy);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum proxy_result whole, part;
	struct proxy p, q;

	if (size == 0)
		return 0;
	whole = parse(data, size, &p);
	if (whole == PROXY_MORE && size >= PROXY_MAX)
		abort();
	if (whole != PROXY_OK) {
		part = parse(data, size / 2, &q);
		/* What is no head yet may turn out to be none; what was one
		 * stays one. */
		if (part == PROXY_OK || (whole == PROXY_MORE && part != whole))
			abort();
		return 0;
	}
	if (p.length == 0 || p.length > size || p.length > PROXY_MAX)
		abort();
	if (p.has_addresses && p.from.any.sa_family != p.to.any.sa_family)
		abort();
	if (parse(data, p.length, &q) != PROXY_OK ||
	    memcmp(&p, &q, sizeof(p)) != 0)
		abort();
	if (parse(data, p.length - 1, &q) != PROXY_MORE)
		abort();
	return 0;
}
