/*
 * smtp_told -- XCLIENT's attributes, with names that are domains or address
 * literals in whatever comes out.
 */
#include "../../smtpd/address.h"
#include "../../smtpd/told.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_host(const char *name)
{
	size_t length = strlen(name);

	if (length > 0 && address_domain(name, length) != length &&
	    address_literal(name, length) != length)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct told x;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (told_parse(text, &x) == 0) {
		check_host(x.name);
		check_host(x.helo);
		for (const char *c = x.login; *c != '\0'; c++)
			if ((unsigned char)*c < ' ')
				abort();
	}
	free(text);
	return 0;
}
