#include "output.h"

#include "utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

int output_json;

static struct {
	int is_list, is_ended, things, members;
} now;

/* RFC 8259 7 */
static void
put_string(const char *text, size_t length)
{
	size_t n;

	putchar('"');
	for (; length > 0; text += n, length -= n) {
		n = utf8_character(text, length);
		if (n == 0 && (unsigned char)*text > 0x7f) {
			n = 1;
			printf("\\ufffd");
		} else if ((unsigned char)*text < ' ' || *text == 0x7f) {
			n = 1;
			printf("\\u%04x", (unsigned)*text);
		} else {
			n = n == 0 ? 1 : n;
			if (*text == '"' || *text == '\\')
				putchar('\\');
			fwrite(text, 1, n, stdout);
		}
	}
	putchar('"');
}

void
output_plain(const char *text)
{
	size_t length = strlen(text), n;

	for (; length > 0; text += n, length -= n) {
		const unsigned char *c = (const unsigned char *)text;

		n = utf8_character(text, length);
		/* U+0080 to U+009F are control characters, too. */
		if ((n == 0 && (*c < ' ' || *c > '~')) ||
		    (n == 2 && c[0] == 0xc2 && c[1] < 0xa0))
			putchar('?');
		else
			fwrite(text, 1, n == 0 ? 1 : n, stdout);
		n += n == 0;
	}
}

void
output_begin(int is_list)
{
	now.is_list = is_list;
	now.is_ended = 0;
	now.things = 0;
}

/* A list opens with its first thing: until then it may turn out to be none. */
void
output_next(void)
{
	if (!output_json)
		return;
	if (now.things > 0)
		fputs("},", stdout);
	else if (now.is_list)
		fputs("[", stdout);
	if (now.is_list)
		fputs("\n", stdout);
	fputs("{", stdout);
	now.things++;
	now.members = 0;
}

void
output_end(void)
{
	now.is_ended = 1;
	if (!output_json)
		return;
	if (now.things > 0)
		fputs("}", stdout);
	else if (now.is_list)
		fputs("[", stdout);
	if (now.is_list)
		fputs("\n]", stdout);
	fputs("\n", stdout);
}

void
output_finish(int is_done, const char *(*next)(void))
{
	if (now.is_ended)
		return;
	if (now.things == 0)
		now.is_list = 0;
	if (now.things == 0 || now.is_list)
		output_next();
	output_truth("done", is_done);
	output_texts("errors", next);
	output_end();
}

void
output_key(const char *key)
{
	if (!output_json)
		return;
	if (now.members++ > 0)
		fputs(", ", stdout);
	put_string(key, strlen(key));
	fputs(": ", stdout);
}

void
output_text(const char *key, const char *value)
{
	if (!output_json)
		return;
	output_key(key);
	if (value == NULL)
		fputs("null", stdout);
	else
		put_string(value, strlen(value));
}

void
output_number(const char *key, uint64_t value)
{
	if (!output_json)
		return;
	output_key(key);
	printf("%" PRIu64, value);
}

void
output_truth(const char *key, int value)
{
	if (!output_json)
		return;
	output_key(key);
	fputs(value ? "true" : "false", stdout);
}

void
output_real(const char *key, double value)
{
	if (!output_json)
		return;
	output_key(key);
	if (isfinite(value))
		printf("%.15g", value);
	else
		fputs("null", stdout);
}

void
output_texts(const char *key, const char *(*next)(void))
{
	const char *separator = "", *text;

	if (!output_json)
		return;
	output_key(key);
	fputs("[", stdout);
	while ((text = next()) != NULL) {
		fputs(separator, stdout);
		put_string(text, strlen(text));
		separator = ", ";
	}
	fputs("]", stdout);
}

void
output_words(const char *key, const char *value)
{
	const char *separator = "";
	size_t length;

	if (!output_json)
		return;
	output_key(key);
	fputs("[", stdout);
	while (*(value += strspn(value, ", ")) != '\0') {
		length = strcspn(value, ", ");
		fputs(separator, stdout);
		put_string(value, length);
		separator = ", ";
		value += length;
	}
	fputs("]", stdout);
}
