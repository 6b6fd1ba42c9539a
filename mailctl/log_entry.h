/*
 * log_entry -- a line of our logs, read back: as it was written to standard
 * error or by syslog, with fields as key=value or as JSON (docs/logs.md).
 */
#ifndef LOG_ENTRY_H
#define LOG_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#define LOG_ENTRY_FIELDS 40
/* The time's text, NUL included. */
#define LOG_ENTRY_TIME 40

struct log_entry {
	char time[LOG_ENTRY_TIME]; /* RFC 3339, or as syslog has it */
	const char *level;	   /* "" where syslog has taken it */
	const char *program, *event;
	uint64_t pid;
	unsigned count;
	struct {
		const char *key, *value; /* value NULL: there is none */
	} fields[LOG_ENTRY_FIELDS];
};

/*
 * Reads a line without its line feed, which is cut into pieces: all texts point
 * into it.  0, or -1 where it is none of ours.
 */
int log_entry_parse(struct log_entry *e, char *line);

/* An RFC 3339 time, or as journalctl and rsyslog write such, as ns since 1970;
 * -1 where it is none (syslog's own has no year). */
int64_t log_entry_ns(const char *time);

/* The field's value; NULL where there is none. */
const char *log_entry_field(const struct log_entry *e, const char *key);

#endif
