/*
 * smtp_address -- paths of MAIL and RCPT: whatever is taken stays within the
 * limits, and its text is taken again and gives the same text.
 */
#include "../../smtpd/address.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_again(const char *text, size_t length)
{
	char path[ADDRESS_TEXT_MAX + 2], again[ADDRESS_TEXT_MAX];
	struct address a;
	size_t used = 0;

	path[0] = '<';
	memcpy(path + 1, text, length);
	path[length + 1] = '>';
	if (address_path(path, length + 2, ADDRESS_NULL | ADDRESS_POSTMASTER,
		&a, &used) != ADDRESS_OK ||
	    used != length + 2 ||
	    address_format(&a, again, sizeof(again)) != (int)length ||
	    memcmp(again, text, length) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[ADDRESS_TEXT_MAX];
	struct address a;
	size_t used = 0;
	char *copy;
	int flags, length;

	if (size < 1 || (copy = malloc(size)) == NULL)
		return 0;
	flags = data[0] & 3;
	/* On the heap, so that a read past the end is seen. */
	memcpy(copy, data + 1, size - 1);
	copy = realloc(copy, size > 1 ? size - 1 : 1);
	if (copy == NULL)
		return 0;
	if (address_path(copy, size - 1, flags, &a, &used) == ADDRESS_OK) {
		if (used < 2 || used > ADDRESS_PATH_MAX || used > size - 1 ||
		    a.local_length > ADDRESS_LOCAL_MAX ||
		    a.domain_length > ADDRESS_DOMAIN_MAX)
			abort();
		length = address_format(&a, text, sizeof(text));
		if (length < 0 || strlen(text) != (size_t)length)
			abort();
		check_again(text, (size_t)length);
	}
	free(copy);
	return 0;
}
