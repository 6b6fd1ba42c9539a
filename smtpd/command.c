#include "command.h"

#include "utf8.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

/* RFC 1870 3 */
#define SIZE_DIGITS_MAX 20

static int
is_space(char c)
{
	return c == ' ' || c == '\t';
}

char *
command_split(char *line, char **verb)
{
	size_t length = strlen(line);
	char *argument;

	while (length > 0 && is_space(line[length - 1]))
		line[--length] = '\0';
	*verb = line;
	argument = line + strcspn(line, " \t");
	while (is_space(*argument))
		*argument++ = '\0';
	return argument;
}

const char *
command_after(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncasecmp(text, prefix, length) != 0)
		return NULL;
	text += length;
	while (*text == ' ')
		text++;
	return text;
}

static int
is_keyword(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-';
}

/* RFC 5321 4.1.2: esmtp-value, any graphic octet but "="; RFC 6531 3.3 adds
 * UTF-8, which each keyword may refuse. */
static size_t
value_length(const char *text)
{
	size_t i = 0, n;

	while (text[i] != '\0') {
		n = (unsigned char)text[i] >= 0x80
			? utf8_character(text + i, strlen(text + i))
			: (text[i] > ' ' && text[i] <= '~' && text[i] != '=');
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

int
command_param(const char **text, struct command_param *p)
{
	const char *c = *text;

	if (*c == '\0')
		return 0;
	if (*c != ' ')
		return -1;
	while (*c == ' ')
		c++;
	*p = (struct command_param){.keyword = c};
	while (is_keyword(*c))
		c++;
	p->keyword_length = (size_t)(c - p->keyword);
	if (p->keyword_length == 0 || p->keyword[0] == '-')
		return -1;
	if (*c == '=') {
		p->value = ++c;
		p->value_length = value_length(c);
		if (p->value_length == 0)
			return -1;
		c += p->value_length;
	}
	if (*c != '\0' && *c != ' ')
		return -1;
	*text = c;
	return 1;
}

int
command_is(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

int
command_size(const struct command_param *p, long long *octets)
{
	long long total = 0;
	int is_huge = 0;
	size_t i;

	if (p->value == NULL || p->value_length > SIZE_DIGITS_MAX)
		return -1;
	for (i = 0; i < p->value_length; i++) {
		if (p->value[i] < '0' || p->value[i] > '9')
			return -1;
		if (__builtin_mul_overflow(total, 10, &total) ||
		    __builtin_add_overflow(total, p->value[i] - '0', &total))
			is_huge = 1;
	}
	*octets = is_huge ? LLONG_MAX : total;
	return 0;
}
