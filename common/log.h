/*
 * log -- one line an event, as key=value fields or as JSON.
 *
 * A line is written with one system call, so lines of several processes never
 * mix.  Values are quoted and escaped here, so nothing that a client sent can
 * forge a field or a line.  Secrets and message bodies are never logged.
 *
 *	log_info("rcpt.refused", log_text("to", address), log_int("code", 550));
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };
enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG };
enum log_format { LOG_AS_KEY_VALUE, LOG_AS_JSON };

/* How a conf, and a line, names them; each ends with NULL. */
extern const char *const log_levels[];	/* "error" ... "debug" */
extern const char *const log_targets[]; /* "stderr", "syslog" */
extern const char *const log_formats[]; /* "text", "json" */

struct log_field {
	const char *key; /* NULL ends the list */
	enum { LOG_TEXT, LOG_INT, LOG_HEX } kind;
	const char *text;
	int64_t number;
};

/* A text value; NULL is written as "-".  The text is borrowed for the call. */
static inline struct log_field
log_text(const char *key, const char *text)
{
	return (struct log_field){.key = key, .kind = LOG_TEXT, .text = text};
}

/* A decimal number. */
static inline struct log_field
log_int(const char *key, int64_t number)
{
	return (struct log_field){
	    .key = key, .kind = LOG_INT, .number = number};
}

/* A 64-bit id, written as 16 hexadecimal digits. */
static inline struct log_field
log_id(const char *key, uint64_t id)
{
	return (struct log_field){
	    .key = key, .kind = LOG_HEX, .number = (int64_t)id};
}

/* What errno value code means, under the key "error". */
struct log_field log_errno(int code);

/*
 * Opens the log: call it first in main(), before any chroot, since the syslog
 * socket (/dev/log) is opened here and kept.  program (borrowed for ever) is
 * the process's name in each line.  Without a call, lines go to standard
 * error under the name "ringmail".  Falls back to standard error, with a line
 * that says so, where syslog can't be reached.
 */
void log_open(const char *program, enum log_target target);

/* After fork: the child's own name (borrowed for ever). */
void log_rename(const char *program);

/* The syslog socket, or -1 (privileges_close_others keeps it open). */
int log_descriptor(void);

/* Lines above this level are dropped.  The default is LEVEL_INFO. */
void log_set_level(enum log_level level);

/* How lines are written; without a call, as key=value. */
void log_set_format(enum log_format format);

/*
 * How many lines of one event a process writes in a second; 0: any number,
 * which is the default.  What is left out is counted: once the second is over,
 * the next line of any event brings one for each event that had more, as
 * "log.left_out of=EVENT left_out=COUNT".
 */
void log_set_rate(int64_t lines);

/*
 * From here on the three settings are one memory for this process and those
 * that it forks: what it sets holds for them at once.  They have it to read
 * alone, once they have called log_follow.  0, or -1 with errno: each has its
 * own, as before.  Call it once, in a parent, before it forks.
 */
int log_share(void);

/* In a child of such a parent: gives the right to write up; from here on, it
 * sets nothing.  Does nothing where nothing is shared. */
void log_follow(void);

/*
 * Writes one line: time, level, program, pid, event, fields up to the one with
 * key NULL.  Lines are cut at 2,048 octets.  Keeps errno.  Any thread may
 * call it.  It may wait for a slow reader of standard error.  event is a string
 * constant.
 */
void log_write(
    enum log_level level, const char *event, const struct log_field *fields);

/* Likewise, whatever the rate is. */
void log_write_all(
    enum log_level level, const char *event, const struct log_field *fields);

#define log_fields(...) \
	((const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})

#define log_error(event, ...) \
	log_write(LEVEL_ERROR, event, log_fields(__VA_ARGS__))
#define log_warn(event, ...) \
	log_write(LEVEL_WARN, event, log_fields(__VA_ARGS__))
#define log_info(event, ...) \
	log_write(LEVEL_INFO, event, log_fields(__VA_ARGS__))
#define log_debug(event, ...) \
	log_write(LEVEL_DEBUG, event, log_fields(__VA_ARGS__))
/* Of such lines, none is ever left out: what became of a message, mostly. */
#define log_record(event, ...) \
	log_write_all(LEVEL_INFO, event, log_fields(__VA_ARGS__))

/*
 * A broken invariant: logs "panic" with the formatted text, the place, and the
 * running fiber's name, and aborts.  Never for what a client, a file or a
 * helper sends.
 */
#define panic(...) log_panic(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void log_panic(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Has panic say what fiber_name (fiber.h) returns; worker.c alone sets it. */
void log_set_fiber_name(const char *(*name)(void));

/*
 * A start that can't go on (bad conf, port taken, missing user): prints
 * "program: text" to standard error, logs it where the log goes elsewhere, and
 * exits with 1.  Only before the first accept.
 */
_Noreturn void
fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
