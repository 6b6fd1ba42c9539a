#include "log.h"

#include "clock.h"
#include "log_line.h"
#include "log_rate.h"
#include "log_shared.h"
#include "meter.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};
const char *const log_targets[] = {"stderr", "syslog", NULL};
const char *const log_formats[] = {"text", "json", NULL};

static const char *program_name = "ringmail";
static int syslog_fd = -1;
/* Lines that could not be written since the last one that could. */
static atomic_uint_fast64_t dropped;

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
write_line(struct log_line *l)
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

static void
write_fields(
    enum log_level level, const char *event, const struct log_field *fields)
{
	struct log_line l;
	struct log_field lost = log_int("dropped", 0);

	log_line_begin(&l, log_shared_format(), syslog_fd != -1, level,
	    program_name, event);
	lost.number = (int64_t)atomic_exchange_explicit(
	    &dropped, 0, memory_order_relaxed);
	if (lost.number > 0)
		log_line_add(&l, &lost);
	for (; fields->key != NULL && !l.cut; fields++)
		log_line_add(&l, fields);
	log_line_end(&l);
	if (write_line(&l) == 0) {
		meter_add(METER_LINES + (unsigned)level, 1);
		return;
	}
	meter_add(METER_LINES_LOST, 1);
	atomic_fetch_add_explicit(
	    &dropped, (uint_fast64_t)lost.number + 1, memory_order_relaxed);
}

/* Says what was left out in seconds that are over. */
static void
write_left_out(int64_t now)
{
	struct log_rate_left left;
	size_t at = 0;

	if (!log_rate_is_due(now))
		return;
	while (log_rate_next(&at, &left))
		write_fields(LEVEL_WARN, "log.left_out",
		    log_fields(log_text("of", left.event),
			log_int("left_out", (int64_t)left.count)));
}

void
log_write(
    enum log_level level, const char *event, const struct log_field *fields)
{
	int saved = errno;
	int64_t now;

	if (level > log_shared_level())
		return;
	now = clock_now();
	if (log_rate_take(event, log_shared_rate(), now))
		write_fields(level, event, fields);
	else
		meter_add(METER_LINES_LEFT_OUT, 1);
	write_left_out(now);
	errno = saved;
}

void
log_write_all(
    enum log_level level, const char *event, const struct log_field *fields)
{
	int saved = errno;

	if (level > log_shared_level())
		return;
	write_fields(level, event, fields);
	write_left_out(clock_now());
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
