#include "surrogate.h"

#include "base64.h"
#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Octets that an encoded word carries: RFC 2047 2 has it at 75 characters. */
#define WORD_MAX 39

/* What is written; failed: memory is out. */
struct text {
	char *data;
	size_t length, room;
	int failed;
};

static void
put(struct text *t, const char *data, size_t n)
{
	size_t room = t->room;
	char *grown;

	while (room - t->length < n)
		room = room == 0 ? 1024 : 2 * room;
	if (room != t->room && (grown = realloc(t->data, room)) != NULL) {
		t->data = grown;
		t->room = room;
	}
	if (t->data == NULL || t->room - t->length < n) {
		t->failed |= n > 0;
		return;
	}
	memcpy(t->data + t->length, data, n);
	t->length += n;
}

static void
puts_(struct text *t, const char *string)
{
	put(t, string, strlen(string));
}

int
surrogate_is_needed(const char *head, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)head[i] >= 0x80)
			return 1;
	return 0;
}

size_t
surrogate_head(const char *data, size_t n)
{
	size_t at = 0;

	while (at < n) {
		const char *lf = memchr(data + at, '\n', n - at);
		size_t line;

		if (lf == NULL)
			return n;
		line = (size_t)(lf - data) - at;
		if (line == 0 || (line == 1 && data[at] == '\r'))
			return (size_t)(lf - data) + 1;
		at = (size_t)(lf - data) + 1;
	}
	return n;
}

static const char *
charset_of(const char *data, size_t n)
{
	size_t step;

	for (size_t i = 0; i < n; i += step) {
		step = (unsigned char)data[i] < 0x80
			   ? 1
			   : utf8_character(data + i, n - i);
		if (step == 0)
			return "unknown-8bit";
	}
	return "UTF-8";
}

/* RFC 2047: encoded words, cut between characters, one a line. */
static void
put_words(struct text *t, const char *data, size_t n)
{
	const char *charset = charset_of(data, n);
	char word[BASE64_LENGTH(WORD_MAX) + 1];

	for (int first = 1; n > 0; first = 0) {
		size_t cut = n < WORD_MAX ? n : WORD_MAX;

		while (cut > WORD_MAX - 4 && cut < n &&
		       ((unsigned char)data[cut] & 0xc0) == 0x80)
			cut--;
		if (!first)
			puts_(t, "\n ");
		puts_(t, "=?");
		puts_(t, charset);
		puts_(t, "?B?");
		put(t, word, base64_encode(data, cut, word));
		puts_(t, "?=");
		data += cut;
		n -= cut;
	}
}

/* Without blanks at either end. */
static void
trim(const char **data, size_t *n)
{
	while (*n > 0 && strchr(" \t\r\n", **data) != NULL) {
		++*data;
		--*n;
	}
	while (*n > 0 && strchr(" \t\r\n", (*data)[*n - 1]) != NULL)
		--*n;
}

/* How far the next part goes: to a sign at the top level (outside of quotes,
 * comments and angle brackets), or to the end. */
static size_t
part_length(const char *data, size_t n, char sign)
{
	int quoted = 0, comments = 0, angle = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		char c = data[i];

		if (c == '\\' && i + 1 < n)
			i++;
		else if (c == '"' && comments == 0)
			quoted = !quoted;
		else if (c == '(' && !quoted)
			comments++;
		else if (c == ')' && !quoted && comments > 0)
			comments--;
		else if (quoted || comments > 0)
			continue;
		else if (c == sign && !angle)
			return i;
		else if (c == '<' || c == '>')
			angle = c == '<';
	}
	return n;
}

/* A name in quotes without them, in place of data[n]; its length. */
static size_t
unquote(char *data, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		if (data[i] == '"')
			continue;
		if (data[i] == '\\' && i + 1 < n)
			i++;
		data[to++] = data[i];
	}
	return to;
}

/* RFC 6857 3.1.8: an address that has no ASCII form. */
static void
put_removed(struct text *t, const char *data, size_t n)
{
	puts_(t, "Internationalized Address\n ");
	put_words(t, data, n);
	puts_(t, " Removed:;");
}

/* One address of a list. */
static void
put_address(struct text *t, char *data, size_t n)
{
	size_t name = part_length(data, n, '<');
	const char *at = data;
	const char *close = memchr(data + name, '>', n - name);
	size_t address = close != NULL ? (size_t)(close - data) + 1 - name : 0;

	if (!surrogate_is_needed(data, n)) {
		put(t, data, n);
	} else if (address == 0 || surrogate_is_needed(data + name, address)) {
		put_removed(t, data, n);
	} else {
		trim(&at, &name);
		if (name > 0) {
			memmove(data, at, name);
			name = unquote(data, name);
			put_words(t, data, name);
			puts_(t, " ");
		}
		put(t, close + 1 - address, address);
	}
}

static void
put_addresses(struct text *t, char *data, size_t n)
{
	while (n > 0) {
		size_t length = part_length(data, n, ','), all = length;
		const char *at = data;

		trim(&at, &length);
		put_address(t, data + (at - data), length);
		data += all;
		n -= all;
		if (n > 0) {
			puts_(t, ",\n ");
			data++;
			n--;
		}
	}
}

/* RFC 2231 4: name*=charset''value. */
static void
put_parameter(struct text *t, char *data, size_t n)
{
	size_t name = part_length(data, n, '='), at;
	char octet[4];

	if (!surrogate_is_needed(data, n)) {
		put(t, data, n);
		return;
	}
	/* A name that is none of ASCII says nothing to anybody. */
	if (name == n || surrogate_is_needed(data, name)) {
		puts_(t, "x-removed=\"\"");
		return;
	}
	put(t, data, name);
	puts_(t, data[name - (name > 0)] == '*' ? "=" : "*=");
	data += name + 1;
	n = unquote(data, n - name - 1);
	puts_(t, charset_of(data, n));
	puts_(t, "''");
	for (at = 0; at < n; at++) {
		unsigned char c = (unsigned char)data[at];

		snprintf(octet, sizeof(octet), "%%%02X", c);
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || c == '.' || c == '-')
			put(t, data + at, 1);
		else
			puts_(t, octet);
	}
}

static void
put_parameters(struct text *t, char *data, size_t n)
{
	for (int first = 1; n > 0; first = 0) {
		size_t length = part_length(data, n, ';'), all = length;
		const char *at = data;

		trim(&at, &length);
		if (!first)
			puts_(t, ";\n ");
		put_parameter(t, data + (at - data), length);
		data += all;
		n -= all;
		if (n > 0) {
			data++;
			n--;
		}
	}
}

static int
is_one_of(const char *const *names, const char *name, size_t n)
{
	for (; *names != NULL; names++)
		if (strlen(*names) == n && strncasecmp(*names, name, n) == 0)
			return 1;
	return 0;
}

/* A field of n octets, without its line's end, is unfolded in place. */
static size_t
unfold(char *data, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++)
		if (data[i] != '\r' && data[i] != '\n')
			data[to++] = data[i];
	return to;
}

/* A field that has to be changed; data is changed, too. */
static void
put_field(struct text *t, char *data, size_t n)
{
	static const char *const addresses[] = {"From", "Sender", "Reply-To",
	    "To", "Cc", "Bcc", "Resent-From", "Resent-Sender", "Resent-To",
	    "Resent-Cc", "Resent-Bcc", "Resent-Reply-To",
	    "Disposition-Notification-To", NULL};
	static const char *const parameters[] = {
	    "Content-Type", "Content-Disposition", NULL};
	static const char *const kept[] = {"Message-ID", "In-Reply-To",
	    "References", "Resent-Message-ID", "Content-ID", "Received",
	    "Return-Path", "Date", "Resent-Date", "Delivered-To",
	    "Original-Recipient", "Final-Recipient",
	    "Content-Transfer-Encoding", "MIME-Version", NULL};
	char *colon = memchr(data, ':', n);
	size_t name = colon != NULL ? (size_t)(colon - data) : n, length;
	const char *value = data + name + 1;

	/* A field's name is ASCII: this is no field, and not shown as one. */
	if (colon == NULL || name == 0 || surrogate_is_needed(data, name)) {
		puts_(t, "Downgraded-Unknown: ");
		put_words(t, data, unfold(data, n));
		puts_(t, "\n");
		return;
	}
	length = unfold(colon + 1, n - name - 1);
	trim(&value, &length);
	if (is_one_of(kept, data, name))
		puts_(t, "Downgraded-");
	put(t, data, name);
	puts_(t, ": ");
	/* Groups are too odd to be taken apart. */
	if (is_one_of(addresses, data, name) &&
	    part_length(value, length, ':') < length)
		put_removed(t, value, length);
	else if (is_one_of(addresses, data, name))
		put_addresses(t, colon + (value - colon), length);
	else if (is_one_of(parameters, data, name))
		put_parameters(t, colon + (value - colon), length);
	else
		put_words(t, value, length);
	puts_(t, "\n");
}

/* The length of the field at the start, with the lines that belong to it. */
static size_t
field_length(const char *data, size_t n)
{
	size_t at = 0;
	const char *lf;

	do {
		lf = memchr(data + at, '\n', n - at);
		if (lf == NULL)
			return n;
		at = (size_t)(lf - data) + 1;
	} while (at < n && (data[at] == ' ' || data[at] == '\t'));
	return at;
}

char *
surrogate_make(const char *head, size_t n, size_t *length)
{
	struct text t = {.length = 0};
	char *copy = malloc(n + 1);

	while (copy != NULL && n > 0) {
		size_t field = field_length(head, n), text = field;

		if (!surrogate_is_needed(head, field)) {
			put(&t, head, field);
		} else {
			while (text > 0 && strchr("\r\n", head[text - 1]))
				text--;
			memcpy(copy, head, text);
			copy[text] = '\0';
			put_field(&t, copy, text);
		}
		head += field;
		n -= field;
	}
	if (copy == NULL || t.failed) {
		free(t.data);
		t.data = NULL;
	}
	free(copy);
	*length = t.length;
	return t.data;
}
