#include "idn.h"

#include "utf8.h"

#include <idn2.h>
#include <stdio.h>
#include <string.h>

int
idn_to_ascii(const char *domain, char *to, size_t size)
{
	char *ascii = NULL;
	int length = -1;

	if (!utf8_is_needed(domain, strlen(domain)))
		length = snprintf(to, size, "%s", domain);
	else if (idn2_to_ascii_8z(domain, &ascii,
		     IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL |
			 IDN2_USE_STD3_ASCII_RULES) == IDN2_OK)
		length = snprintf(to, size, "%s", ascii);
	idn2_free(ascii);
	return length > 0 && (size_t)length < size ? 0 : -1;
}
