/*
 * log_source -- the lines of a log: of a file, of one that was packed with
 * gzip, xz or zstd, of a file of systemd's journal, or of the journal itself,
 * which journalctl reads.
 */
#ifndef LOG_SOURCE_H
#define LOG_SOURCE_H

#include <stdio.h>
#include <sys/types.h>

/* In the place of a file's name: systemd's journal. */
#define LOG_SOURCE_JOURNAL "journal"
/* How the names of its files end. */
#define LOG_SOURCE_JOURNAL_FILE ".journal"
/* Octets of a line; none of ours is longer, and what is behind them is passed
 * over. */
#define LOG_SOURCE_LINE 4096

struct log_source {
	const char *name; /* borrowed */
	FILE *file;
	const char *tool; /* that reads it, or NULL */
	pid_t child;	  /* that is its process; 0: none */
	int says;	  /* what is wrong with it */
	int is_over;
	char line[LOG_SOURCE_LINE];
};

/* Opens what name says.  0, or -1 after a line on standard error, but where
 * says is 0: then nothing is said, as of a log that is read again. */
int log_source_open(struct log_source *s, const char *name, int says);

/* The next line, without its line feed and NUL octets (a crash leaves many);
 * NULL at the end.  It may be changed, and is good until the next call. */
char *log_source_line(struct log_source *s);

/* A file that could not be unpacked to its end is told of. */
void log_source_close(struct log_source *s);

/*
 * What can be read but once, which is standard input ("-") or a pipe, is copied
 * to a file without a name, and *name becomes a path to that, good until the
 * program ends.  0, or -1 after a line on standard error.
 */
int log_source_hold(char **name);

#endif
