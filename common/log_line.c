#include "log_line.h"

#include "clock.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* Kept free for the closing quote of a value that is cut, the closing brace of
 * JSON, and the newline. */
static size_t
reserve(const struct log_line *l)
{
	return l->format == LOG_AS_JSON ? 3 : 2;
}

static size_t
room(const struct log_line *l)
{
	size_t most = sizeof(l->text) - reserve(l);

	/* A closing quote may have gone into the reserve. */
	return l->length < most ? most - l->length : 0;
}

/* Adds all of text or, where it does not fit, none and nothing after it. */
static void
add(struct log_line *l, const char *text, size_t length)
{
	if (l->cut || length > room(l)) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->length, text, length);
	l->length += length;
}

static void
add_text(struct log_line *l, const char *text)
{
	add(l, text, strlen(text));
}

/* For short pieces of our own: at most 63 octets. */
static void __attribute__((format(printf, 2, 3)))
add_format(struct log_line *l, const char *format, ...)
{
	char piece[64];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(piece, sizeof(piece), format, args);
	va_end(args);
	if (n >= (int)sizeof(piece))
		n = sizeof(piece) - 1;
	if (n > 0)
		add(l, piece, (size_t)n);
}

static bool
is_plain(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text >= 0x7f || strchr("\"=\\", *text))
			return false;
	return true;
}

/* The length of the printable UTF-8 character at s, 0 where there is none: C1
 * controls (U+0080 to U+009F) are none. */
static size_t
printable_length(const char *s)
{
	if ((unsigned char)s[0] < 0x80)
		return s[0] >= ' ' && s[0] != 0x7f;
	if ((unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0)
		return 0;
	return utf8_character(s, strnlen(s, 4));
}

/* JSON has an escape for control characters alone: of other octets that are no
 * text, what stands in the log is how key=value lines write them. */
static void
add_escaped(struct log_line *l, unsigned char c)
{
	if (l->format != LOG_AS_JSON)
		add_format(l, "\\x%02x", c);
	else if (c < ' ' || c == 0x7f)
		add_format(l, "\\u%04x", c);
	else
		add_format(l, "\\\\x%02x", c);
}

static void
add_quoted(struct log_line *l, const char *text)
{
	size_t n;

	add_text(l, "\"");
	if (l->cut)
		return;
	for (; *text != '\0' && !l->cut; text += n) {
		n = printable_length(text);
		if (n == 0) {
			n = 1;
			add_escaped(l, (unsigned char)*text);
		} else if (*text == '"' || *text == '\\') {
			add(l, (char[]){'\\', *text}, 2);
		} else {
			add(l, text, n);
		}
	}
	/* The reserve has room for it, even in a line that is cut. */
	l->text[l->length++] = '"';
}

/*
 * UTC as RFC 3339 writes it.  By hand, since gmtime_r takes a lock that all
 * threads share and may read files.
 */
static void
add_time(struct log_line *l)
{
	int64_t ms = clock_wall() / CLOCK_MILLISECOND;
	int64_t days = ms / 86400000, second = ms / 1000 % 86400;
	int64_t era, year, month;

	/* Count from 1 March of year 0, so that a leap day ends a year. */
	days += 719468;
	era = days / 146097;
	days %= 146097;
	year = (days - days / 1460 + days / 36524 - days / 146096) / 365;
	days -= 365 * year + year / 4 - year / 100;
	month = (5 * days + 2) / 153;
	days -= (153 * month + 2) / 5;
	month = month < 10 ? month + 3 : month - 9;
	year += 400 * era + (month <= 2);
	add_format(l, "%04lld-%02lld-%02lldT", (long long)year,
	    (long long)month, (long long)days + 1);
	add_format(l, "%02lld:%02lld:%02lld.%03lldZ", (long long)second / 3600,
	    (long long)second / 60 % 60, (long long)second % 60,
	    (long long)(ms % 1000));
}

static void
add_key(struct log_line *l, const char *key)
{
	const char *const *around = l->format == LOG_AS_JSON
					? (const char *const[]){",\"", "\":"}
					: (const char *const[]){" ", "="};

	add_text(l, around[0]);
	add_text(l, key);
	add_text(l, around[1]);
}

static void
add_value(struct log_line *l, const char *text)
{
	if (text == NULL)
		add_text(l, l->format == LOG_AS_JSON ? "null" : "-");
	else if (l->format == LOG_AS_KEY_VALUE && is_plain(text) &&
		 strlen(text) < LOG_LINE_MAX / 2)
		add_text(l, text);
	else
		add_quoted(l, text);
}

void
log_line_add(struct log_line *l, const struct log_field *f)
{
	/* No key without its value: 28 octets hold any number. */
	if (l->cut || room(l) < strlen(f->key) + 28) {
		l->cut = true;
		return;
	}
	add_key(l, f->key);
	switch (f->kind) {
	case LOG_INT:
		add_format(l, "%lld", (long long)f->number);
		break;
	case LOG_HEX:
		add_format(l,
		    l->format == LOG_AS_JSON ? "\"%016llx\"" : "%016llx",
		    (unsigned long long)f->number);
		break;
	case LOG_TEXT:
		add_value(l, f->text);
		break;
	}
}

void
log_line_begin(struct log_line *l, enum log_format format, bool is_syslog,
    enum log_level level, const char *program, const char *event)
{
	static const int priorities[] = {
	    LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
	const int pid = (int)getpid();
	const struct log_field head[] = {log_text("level", log_levels[level]),
	    log_text("program", program), log_int("pid", pid),
	    log_text("event", event)};

	l->format = format;
	l->cut = false;
	l->length = 0;
	if (is_syslog) {
		add_format(l, "<%d>", LOG_MAIL | priorities[level]);
		add_text(l, program);
		add_format(l, "[%d]: ", pid);
	}
	if (format == LOG_AS_JSON) {
		add_text(l, "{\"time\":\"");
		add_time(l);
		add_text(l, "\"");
		for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
			log_line_add(l, &head[i]);
		return;
	}
	if (!is_syslog) {
		add_time(l);
		add_text(l, " ");
		add_text(l, log_levels[level]);
		add_text(l, " ");
		add_text(l, program);
		add_format(l, "[%d] ", pid);
	}
	add_text(l, event);
}

void
log_line_end(struct log_line *l)
{
	if (l->format == LOG_AS_JSON)
		l->text[l->length++] = '}';
}
