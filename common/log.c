#include "log.h"

#include "clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_OCTETS 2048
/* Kept free for a closing quote and the newline of a line that is cut. */
#define LINE_RESERVE 2

struct line {
	size_t length;
	bool cut; /* something did not fit: nothing more is added */
	char text[LINE_MAX_OCTETS];
};

static const char *program_name = "ringmail";
static _Atomic enum log_level highest_level = LEVEL_INFO;
static int syslog_fd = -1;
/* Lines that could not be written since the last one that could. */
static atomic_uint_fast64_t dropped;

/* Adds all of text or, where it does not fit, none and nothing after it. */
static void
add(struct line *l, const char *text, size_t length)
{
	if (l->cut || length > sizeof(l->text) - LINE_RESERVE - l->length) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->length, text, length);
	l->length += length;
}

static void
add_text(struct line *l, const char *text)
{
	add(l, text, strlen(text));
}

/* For short pieces of our own: at most 63 octets. */
static void __attribute__((format(printf, 2, 3)))
add_format(struct line *l, const char *format, ...)
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

/*
 * The length of the printable UTF-8 character at s, 0 where there is none:
 * overlong forms, surrogates and C1 controls (U+0080 to U+009F) are none.
 * RFC 3629 4.
 */
static size_t
utf8_length(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length, i;

	if (s[0] >= 0x20 && s[0] < 0x7f)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xc2 || s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (i = 2; i < length; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return length;
}

static void
add_quoted(struct line *l, const char *text)
{
	size_t n;

	add_text(l, "\"");
	if (l->cut)
		return;
	for (; *text != '\0' && !l->cut; text += n) {
		n = utf8_length((const unsigned char *)text);
		if (n == 0) {
			n = 1;
			add_format(l, "\\x%02x", (unsigned char)*text);
		} else if (*text == '"' || *text == '\\') {
			add(l, (char[]){'\\', *text}, 2);
		} else {
			add(l, text, n);
		}
	}
	/* The reserve has room for it, even in a line that is cut. */
	l->text[l->length++] = '"';
}

static void
add_field(struct line *l, const struct log_field *f)
{
	/* No key without its value: 24 octets hold any number. */
	if (sizeof(l->text) - LINE_RESERVE - l->length < strlen(f->key) + 24)
		l->cut = true;
	add_text(l, " ");
	add_text(l, f->key);
	add_text(l, "=");
	if (l->cut)
		return;
	switch (f->kind) {
	case LOG_INT:
		add_format(l, "%lld", (long long)f->number);
		break;
	case LOG_HEX:
		add_format(l, "%016llx", (unsigned long long)f->number);
		break;
	case LOG_TEXT:
		if (f->text == NULL)
			add_text(l, "-");
		else if (is_plain(f->text) && strlen(f->text) < 1024)
			add_text(l, f->text);
		else
			add_quoted(l, f->text);
		break;
	}
}

/*
 * UTC as RFC 3339 writes it.  By hand, since gmtime_r takes a lock that all
 * threads share and may read files.
 */
static void
add_time(struct line *l)
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
	add_format(l, "%02lld:%02lld:%02lld.%03lldZ ", (long long)second / 3600,
	    (long long)second / 60 % 60, (long long)second % 60,
	    (long long)(ms % 1000));
}

static void
add_head(struct line *l, enum log_level level)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	static const int priorities[] = {
	    LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

	if (syslog_fd != -1) {
		add_format(l, "<%d>", LOG_MAIL | priorities[level]);
	} else {
		add_time(l);
		add_text(l, names[level]);
		add_text(l, " ");
	}
	add_text(l, program_name);
	if (syslog_fd != -1)
		add_format(l, "[%d]: ", (int)getpid());
	else
		add_format(l, "[%d] ", (int)getpid());
}

static int
connect_syslog(int fd)
{
	struct sockaddr_un address = {
	    .sun_family = AF_UNIX, .sun_path = "/dev/log"};

	return connect(fd, (struct sockaddr *)&address, sizeof(address));
}

static ssize_t
write_once(int fd, const char *text, size_t length)
{
	ssize_t n;

	do
		n = write(fd, text, length);
	while (n == -1 && errno == EINTR);
	return n;
}

/* 0, or -1 where the line is lost. */
static int
write_line(struct line *l)
{
	ssize_t n;

	if (syslog_fd != -1) {
		n = write_once(syslog_fd, l->text, l->length);
		if (n >= 0)
			return 0;
		if (errno == EAGAIN || errno == ENOBUFS)
			return -1;
		/* The logger was restarted: its socket is a new one. */
		if (connect_syslog(syslog_fd) == 0 &&
		    write_once(syslog_fd, l->text, l->length) >= 0)
			return 0;
	}
	l->text[l->length++] = '\n';
	return write_once(STDERR_FILENO, l->text, l->length) < 0 ? -1 : 0;
}

void
log_write(
    enum log_level level, const char *event, const struct log_field *fields)
{
	struct line l;
	uint_fast64_t lost;
	int saved = errno;

	if (level > atomic_load_explicit(&highest_level, memory_order_relaxed))
		return;
	l.length = 0;
	l.cut = false;
	add_head(&l, level);
	add_text(&l, event);
	lost = atomic_exchange_explicit(&dropped, 0, memory_order_relaxed);
	if (lost > 0)
		add_format(&l, " dropped=%llu", (unsigned long long)lost);
	for (; fields->key != NULL && !l.cut; fields++)
		add_field(&l, fields);
	if (write_line(&l) == -1)
		atomic_fetch_add_explicit(
		    &dropped, lost + 1, memory_order_relaxed);
	errno = saved;
}

struct log_field
log_errno(int code)
{
	const char *text = strerrordesc_np(code);

	return log_text("error", text != NULL ? text : "unknown error");
}

void
log_open(const char *program, enum log_target target)
{
	int fd;

	program_name = program;
	if (target != LOG_TO_SYSLOG)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd != -1 && connect_syslog(fd) == 0) {
		syslog_fd = fd;
		return;
	}
	log_warn(
	    "log.fallback", log_text("path", "/dev/log"), log_errno(errno));
	if (fd != -1)
		close(fd);
}

void
log_rename(const char *program)
{
	program_name = program;
}

int
log_descriptor(void)
{
	return syslog_fd;
}

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&highest_level, level, memory_order_relaxed);
}

static const char *(*fiber_name)(void);

void
log_set_fiber_name(const char *(*name)(void))
{
	fiber_name = name;
}

void
log_panic(const char *file, int line, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("panic", log_text("text", text), log_text("file", file),
	    log_int("line", line),
	    log_text("fiber", fiber_name != NULL ? fiber_name() : "-"));
	abort();
}

void
fatal(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "%s: %s\n", program_name, text);
	if (syslog_fd != -1)
		log_error("fatal", log_text("text", text));
	exit(1);
}
