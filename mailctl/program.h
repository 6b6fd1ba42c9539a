/*
 * program -- runs smtpd, pop3d and helpers for what they alone know: their
 * confs.
 *
 * They lie in ../libexec/ringmail beside mailctl's own folder, or in that
 * folder itself, as after a build.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

/* Their names; ends with NULL. */
extern const char *const program_names[];

/*
 * Runs NAME -c FOLDER/NAME.conf with these options (ending with NULL, at most
 * six), and waits for its end.  Its standard output is mailctl's own (out NULL)
 * or goes to out[size], a text without its last newline; what is too long is
 * cut.  Its exit code, or -1 after a line on standard error where it could not
 * be run.
 */
int program_run(const char *name, const char *folder,
    const char *const *options, char *out, size_t size);

/*
 * Starts NAME -c FOLDER/NAME.conf, whose output is thrown away: its pid, to be
 * waited for by the caller, or -1 after a line on standard error.
 */
pid_t program_start(const char *name, const char *folder);

/* Whether FOLDER/NAME.conf is there. */
int program_has_conf(const char *name, const char *folder);

#endif
