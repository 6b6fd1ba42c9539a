#include "log_entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Words before the program: time, host and level. */
#define HEAD_WORDS 6

static void
add_field(struct log_entry *e, const char *key, const char *value)
{
	if (e->count == LOG_ENTRY_FIELDS)
		return;
	e->fields[e->count].key = key;
	e->fields[e->count++].value = value;
}

/* The value of a hexadecimal digit, or 16. */
static unsigned
digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c | 0x20);

	return at == NULL ? 16 : (unsigned)(at - digits);
}

/* The escape behind a backslash: one octet to *to; how much of c it took. */
static size_t
unescape(const char *c, char *to)
{
	unsigned value = 0;
	size_t n = *c == 'x' ? 2 : *c == 'u' ? 4 : 0;

	*to = *c == 'n' ? '\n' : *c == 't' ? '\t' : *c;
	for (size_t i = 1; i <= n; i++) {
		if (digit(c[i]) == 16)
			return 1;
		value = value << 4 | digit(c[i]);
	}
	/* Only control characters are written so; none is printed. */
	if (n > 0)
		*to = '?';
	return n > 0 && value > 0 ? 1 + n : 1;
}

/* Takes the quoted text at from in place; behind it, or NULL. */
static char *
take_quoted(char *from, char **text)
{
	char *to = from + 1, *c = from + 1;

	*text = to;
	while (*c != '"') {
		if (*c == '\0')
			return NULL;
		if (*c == '\\' && c[1] != '\0') {
			c++;
			c += unescape(c, to++);
		} else {
			*to++ = *c++;
		}
	}
	*to = '\0';
	return c + 1;
}

/* key=value fields up to the end. */
static void
take_fields(struct log_entry *e, char *c)
{
	char *key, *value;

	while (c != NULL && *(c += strspn(c, " ")) != '\0') {
		key = c;
		c += strcspn(c, "= ");
		if (*c != '=')
			continue;
		*c++ = '\0';
		value = c;
		if (*c == '"') {
			c = take_quoted(c, &value);
			if (c == NULL)
				return;
		} else {
			c += strcspn(c, " ");
		}
		if (*c != '\0')
			*c++ = '\0';
		add_field(e, key, strcmp(value, "-") == 0 ? NULL : value);
	}
}

/* "smtpd[4711]" or "smtpd[4711]:".  0, or -1 where it is no such word. */
static int
take_program(struct log_entry *e, char *word)
{
	char *bracket = strchr(word, '['), *end;

	if (bracket == NULL || bracket == word)
		return -1;
	e->pid = strtoull(bracket + 1, &end, 10);
	if (end == bracket + 1 || *end != ']' ||
	    (end[1] != '\0' && strcmp(end + 1, ":") != 0))
		return -1;
	*bracket = '\0';
	e->program = word;
	return 0;
}

static int
is_level(const char *word)
{
	return strcmp(word, "error") == 0 || strcmp(word, "warn") == 0 ||
	       strcmp(word, "info") == 0 || strcmp(word, "debug") == 0;
}

/* The words before the program: RFC 3339, or the three of RFC 3164 4.1.2. */
static void
take_time(struct log_entry *e, char *const *words, int count)
{
	if (count > 0 && words[0][0] >= '0' && words[0][0] <= '9' &&
	    strchr(words[0], 'T') != NULL)
		snprintf(e->time, sizeof(e->time), "%s", words[0]);
	else if (count >= 3)
		snprintf(e->time, sizeof(e->time), "%.8s %.3s %.16s", words[0],
		    words[1], words[2]);
	if (count > 0 && is_level(words[count - 1]))
		e->level = words[count - 1];
}

/* Whether a line of ours, with its own time, begins here. */
static int
is_own_head(const char *text)
{
	return text != NULL && *text >= '0' && *text <= '9' &&
	       text[strcspn(text, "T ")] == 'T';
}

static int
parse_text(struct log_entry *e, char *line)
{
	char *words[HEAD_WORDS], *rest = line, *word;
	int count = 0;

	for (;;) {
		if (rest == NULL)
			return -1;
		rest += strspn(rest, " ");
		word = strsep(&rest, " ");
		if (take_program(e, word) == -1) {
			if (count == HEAD_WORDS)
				return -1;
			words[count++] = word;
			continue;
		}
		/* The journal puts a head before what came from standard
		 * error. */
		if (!is_own_head(rest))
			break;
		count = 0;
	}
	take_time(e, words, count);
	if (rest == NULL || (e->event = strsep(&rest, " ")) == NULL ||
	    strchr(e->event, '.') == NULL)
		return -1;
	take_fields(e, rest);
	return 0;
}

/* A member that is no field but of the line's head. */
static int
take_head(struct log_entry *e, const char *key, const char *value)
{
	if (strcmp(key, "time") == 0)
		snprintf(e->time, sizeof(e->time), "%s", value);
	else if (strcmp(key, "level") == 0)
		e->level = value;
	else if (strcmp(key, "program") == 0)
		e->program = value;
	else if (strcmp(key, "event") == 0)
		e->event = value;
	else if (strcmp(key, "pid") == 0)
		e->pid = strtoull(value, NULL, 10);
	else
		return 0;
	return 1;
}

/* The members of an object without others in it, as log_line writes it.  c
 * stands at what is before a member. */
static int
parse_json(struct log_entry *e, char *c)
{
	char *key, *value, sign = *c;
	int is_null;

	while (sign == '{' || sign == ',') {
		c++;
		if (*c != '"' || (c = take_quoted(c, &key)) == NULL ||
		    *c++ != ':')
			return -1;
		value = c;
		is_null = strncmp(c, "null", 4) == 0;
		if (*c == '"')
			c = take_quoted(c, &value);
		else
			c += strcspn(c, ",}");
		if (c == NULL || *c == '\0')
			return -1;
		sign = *c;
		*c = '\0';
		if (!take_head(e, key, value))
			add_field(e, key, is_null ? NULL : value);
	}
	return sign != '}' || e->event == NULL || e->program == NULL ? -1 : 0;
}

int
log_entry_parse(struct log_entry *e, char *line)
{
	char *object = strstr(line, "{\"time\":\"");

	memset(e, 0, sizeof(*e));
	e->level = "";
	return object != NULL ? parse_json(e, object) : parse_text(e, line);
}

/* Behind the fraction of a second; *ns: what it is. */
static const char *
take_fraction(const char *c, int64_t *ns)
{
	int64_t unit = 100000000;

	*ns = 0;
	if (*c == '.' || *c == ',')
		for (c++; *c >= '0' && *c <= '9'; c++, unit /= 10)
			*ns += (*c - '0') * unit;
	return c;
}

int64_t
log_entry_ns(const char *time)
{
	struct tm tm = {.tm_year = 0}, zone = {.tm_hour = 0};
	const char *c = strptime(time, "%Y-%m-%dT%H:%M:%S", &tm), *end;
	int64_t ns, seconds, offset;

	if (c == NULL)
		return -1;
	c = take_fraction(c, &ns);
	seconds = timegm(&tm);
	if (*c == '+' || *c == '-') {
		end = strptime(
		    c + 1, strchr(c, ':') != NULL ? "%H:%M" : "%H%M", &zone);
		if (end == NULL || *end != '\0')
			return -1;
		offset = INT64_C(60) * (60 * zone.tm_hour + zone.tm_min);
		seconds += *c == '+' ? -offset : offset;
	} else if (strcmp(c, "Z") != 0) {
		return -1;
	}
	if (seconds < 0 || seconds > INT64_MAX / 1000000000 - 1)
		return -1;
	return seconds * 1000000000 + ns;
}

const char *
log_entry_field(const struct log_entry *e, const char *key)
{
	for (unsigned i = 0; i < e->count; i++)
		if (strcmp(e->fields[i].key, key) == 0)
			return e->fields[i].value;
	return NULL;
}
