#include "dsn.h"

#include "utf8.h"

#include <string.h>
#include <strings.h>

/* The largest character there is: RFC 3629 3. */
#define CODE_MAX 0x10ffffu

static int
is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

int
dsn_notify(const char *value, size_t length)
{
	static const struct {
		const char *word;
		int bit;
	} words[] = {{"SUCCESS", DSN_SUCCESS}, {"FAILURE", DSN_FAILURE},
	    {"DELAY", DSN_DELAY}};
	const char *comma, *end = value + length;
	int bits = 0, bit;
	size_t i, n;

	if (is_word(value, length, "NEVER"))
		return DSN_NEVER;
	for (;;) {
		comma = memchr(value, ',', (size_t)(end - value));
		n = (size_t)((comma != NULL ? comma : end) - value);
		bit = 0;
		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (is_word(value, n, words[i].word))
				bit = words[i].bit;
		if (bit == 0)
			return -1;
		bits |= bit;
		if (comma == NULL)
			return bits;
		value = comma + 1;
	}
}

int
dsn_ret(const char *value, size_t length)
{
	if (is_word(value, length, "FULL"))
		return DSN_RET_FULL;
	return is_word(value, length, "HDRS") ? DSN_RET_HDRS : -1;
}

/* The digit's value, -1 for none; RFC 3461 4 has upper case alone. */
static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Octets of one xchar or hexchar, 0 where text begins with none. */
static size_t
xtext_character(const char *text, size_t length)
{
	if (length == 0 || text[0] < '!' || text[0] > '~' || text[0] == '=')
		return 0;
	if (text[0] != '+')
		return 1;
	return length >= 3 && hex(text[1]) != -1 && hex(text[2]) != -1 ? 3 : 0;
}

int
dsn_is_xtext(const char *value, size_t length)
{
	size_t i = 0, n;

	for (; i < length; i += n)
		if ((n = xtext_character(value + i, length - i)) == 0)
			return 0;
	return 1;
}

/* RFC 6533 3: EmbeddedUnicodeChar, "\x{" 2 to 6 digits "}".  Its octets with
 * the code in *code; 0 where text begins with none. */
static size_t
embedded(const char *text, size_t length, unsigned *code)
{
	size_t i = 3;

	*code = 0;
	if (length < 6 || strncmp(text, "\\x{", 3) != 0)
		return 0;
	while (i < length && i < 9 && hex(text[i]) != -1)
		*code = *code * 16 + (unsigned)hex(text[i++]);
	if (i < 5 || i == length || text[i] != '}' || *code > CODE_MAX ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return i + 1;
}

static int
is_utf8_address(const char *text, size_t length, int is_utf8)
{
	size_t i = 0, n;
	unsigned code;

	for (; i < length; i += n) {
		if (text[i] == '\\')
			n = embedded(text + i, length - i, &code);
		else if ((n = xtext_character(text + i, length - i)) == 0 &&
			 is_utf8)
			n = utf8_character(text + i, length - i);
		if (n == 0)
			return 0;
	}
	return 1;
}

int
dsn_is_orcpt(const char *value, size_t length, int is_utf8)
{
	const char *semicolon = memchr(value, ';', length);
	size_t type, rest;

	if (semicolon == NULL || semicolon == value)
		return 0;
	type = (size_t)(semicolon - value);
	rest = length - type - 1;
	/* RFC 3461 4.2: an atom, which xtext has room for. */
	for (size_t i = 0; i < type; i++)
		if (value[i] <= ' ' || value[i] > '~' ||
		    strchr("()<>@,;:\\\".[]+=", value[i]) != NULL)
			return 0;
	if (rest == 0)
		return 0;
	if (is_word(value, type, "utf-8"))
		return is_utf8_address(semicolon + 1, rest, is_utf8);
	return dsn_is_xtext(semicolon + 1, rest);
}

/* Writes a character as UTF-8; its octets. */
static size_t
put_code(unsigned code, char *to)
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n - 1; i > 0; i--) {
		to[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	to[0] = (char)(first[n] | code);
	return n;
}

int
dsn_decode(const char *text, char *to, size_t size)
{
	size_t n = 0, used, left;
	unsigned code;

	for (; (left = strlen(text)) > 0; text += used) {
		used = 1;
		code = (unsigned char)text[0];
		if (text[0] == '+' && xtext_character(text, left) == 3) {
			used = 3;
			code = (unsigned)(hex(text[1]) * 16 + hex(text[2]));
		} else if (text[0] == '\\' && embedded(text, left, &code) > 0) {
			used = embedded(text, left, &code);
		} else if (code >= 0x80) {
			if (n + 1 >= size)
				return -1;
			to[n++] = text[0];
			continue;
		}
		if (code < ' ' || (code > '~' && code < 0xa0))
			code = '?';
		if (n + 4 >= size)
			return -1;
		n += put_code(code, to + n);
	}
	to[n] = '\0';
	return (int)n;
}
