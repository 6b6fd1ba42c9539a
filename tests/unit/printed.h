/*
 * printed -- what a function of mailctl writes to standard output and standard
 * error.
 */
#ifndef PRINTED_H
#define PRINTED_H

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

static struct {
	FILE *file;
	int out, error;
	char text[65536];
} printed;

/* From now on both go to a file.  0 or -1. */
static inline int
printed_begin(void)
{
	fflush(stdout);
	printed.file = tmpfile();
	printed.out = dup(STDOUT_FILENO);
	printed.error = dup(STDERR_FILENO);
	if (printed.file == NULL ||
	    dup2(fileno(printed.file), STDOUT_FILENO) == -1 ||
	    dup2(fileno(printed.file), STDERR_FILENO) == -1)
		return -1;
	return 0;
}

/* Until now: the text, which is good until the next begin. */
static inline const char *
printed_end(void)
{
	ssize_t n;

	fflush(stdout);
	dup2(printed.out, STDOUT_FILENO);
	dup2(printed.error, STDERR_FILENO);
	close(printed.out);
	close(printed.error);
	n = pread(
	    fileno(printed.file), printed.text, sizeof(printed.text) - 1, 0);
	printed.text[n > 0 ? n : 0] = '\0';
	fclose(printed.file);
	return printed.text;
}

#endif
