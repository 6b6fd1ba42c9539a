/*
 * log_line -- one line of the log, as key=value fields or as a JSON object
 * (RFC 8259).  Pure, but for the time and the process's id.
 *
 * Values are quoted and escaped here, so nothing that a client sent can forge a
 * field or a line.  A line that is cut stays well-formed.
 */
#ifndef LOG_LINE_H
#define LOG_LINE_H

#include "log.h"

#include <stdbool.h>
#include <stddef.h>

#define LOG_LINE_MAX 2048 /* octets, with the line's end */

struct log_line {
	enum log_format format;
	bool cut; /* something did not fit: nothing more is added */
	size_t length;
	char text[LOG_LINE_MAX];
};

/*
 * Begins a line with its head: time, level, program (borrowed for the call),
 * pid, event.  For syslog, the priority of RFC 3164 4.1.1 and its tag come
 * first; key=value lines leave out what syslog says itself.
 */
void log_line_begin(struct log_line *l, enum log_format format, bool is_syslog,
    enum log_level level, const char *program, const char *event);

/* Adds a field, whose text is borrowed for the call; or, without room, nothing
 * from here on. */
void log_line_add(struct log_line *l, const struct log_field *f);

/* Ends what the format has open; there is room for a newline then. */
void log_line_end(struct log_line *l);

#endif
