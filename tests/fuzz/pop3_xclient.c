/* Any text as the arguments of XCLIENT. */
#include "../../pop3d/xclient.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct xclient x;

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (xclient_parse(text, &x) == 0) {
		if (x.hops < -1 || x.hops > 255)
			abort();
		if (strlen(x.session) >= sizeof(x.session))
			abort();
		if (x.has_address && x.address.any.sa_family != AF_INET &&
		    x.address.any.sa_family != AF_INET6)
			abort();
	}
	free(text);
	return 0;
}
