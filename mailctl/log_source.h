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

struct log_source {
	FILE *file;
	pid_t child; /* that unpacks; 0: none */
	char *line;
	size_t room;
};

/* Opens what name says.  0, or -1 after a line on standard error. */
int log_source_open(struct log_source *s, const char *name);

/* The next line, without its line feed; NULL at the end.  It may be changed,
 * and is good until the next call. */
char *log_source_line(struct log_source *s);

void log_source_close(struct log_source *s);

#endif
