#include "rdata.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX 63

/* Adds one octet of a label; returns how many characters that took. */
static size_t
put_octet(char *to, unsigned char octet)
{
	if (octet <= ' ' || octet >= 0x7F)
		return (size_t)snprintf(to, 5, "\\%03u", octet);
	if (strchr(".\\\"();@$", octet) != NULL) {
		*to++ = '\\';
		*to = (char)octet;
		return 2;
	}
	*to = (char)octet;
	return 1;
}

/* RFC 1035 3.1: labels, the last one empty, and nothing behind it. */
static int
read_name(char *text, const unsigned char *data, size_t length)
{
	const unsigned char *end = data + length;
	size_t at = 0, label;

	while (data < end && (label = *data++) != 0) {
		if (label > LABEL_MAX || label >= (size_t)(end - data))
			return -1;
		/* The longest escape of a label, two dots, a NUL. */
		if (at + 4 * label + 3 > RESOLVER_TEXT)
			return -1;
		if (at > 0)
			text[at++] = '.';
		for (; label > 0; label--)
			at += put_octet(text + at, *data++);
	}
	if (length == 0 || data != end || data[-1] != 0)
		return -1;
	if (at == 0)
		text[at++] = '.';
	text[at] = '\0';
	return 0;
}

/* RFC 1035 3.3.14: strings of up to 255 octets, joined as RFC 7208 3.3 says. */
static int
read_strings(char *text, const unsigned char *data, size_t length)
{
	size_t at = 0, piece;

	while (length > 0) {
		piece = *data++;
		length--;
		if (piece > length || at + piece >= RESOLVER_TEXT)
			return -1;
		length -= piece;
		for (; piece > 0; piece--, data++)
			text[at++] =
			    *data >= ' ' && *data < 0x7F ? (char)*data : '?';
	}
	text[at] = '\0';
	return 0;
}

static int
read_address(char *text, int family, const unsigned char *data)
{
	return inet_ntop(family, data, text, RESOLVER_TEXT) != NULL ? 0 : -1;
}

int
rdata_read(struct resolver_record *r, enum resolver_type type,
    const unsigned char *data, size_t length)
{
	r->preference = 0;
	r->text[0] = '\0';
	switch (type) {
	case RESOLVER_A:
		return length == 4 ? read_address(r->text, AF_INET, data) : -1;
	case RESOLVER_AAAA:
		return length == 16 ? read_address(r->text, AF_INET6, data)
				    : -1;
	case RESOLVER_PTR:
		return read_name(r->text, data, length);
	case RESOLVER_MX:
		if (length < 3)
			return -1;
		r->preference = (uint16_t)(data[0] << 8U | data[1]);
		return read_name(r->text, data + 2, length - 2);
	case RESOLVER_TXT:
		return read_strings(r->text, data, length);
	}
	return -1;
}
