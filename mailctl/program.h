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
 * cut.  What it says on standard error is said (said.h) when it has ended.  Its
 * exit code, or -1 after a line on standard error where it could not be run.
 */
int program_run(const char *name, const char *folder,
    const char *const *options, char *out, size_t size);

/*
 * Likewise, with its output in out[size], but it says nothing: of what it would
 * say, the first line goes to why[why_size], without its name ("" for none).
 */
int
program_ask(const char *name, const char *folder, const char *const *options,
    char *out, size_t size, char *why, size_t why_size);

/*
 * Starts NAME -c FOLDER/NAME.conf, whose output is thrown away: its pid, to be
 * waited for by the caller, or -1 after a line on standard error.
 */
pid_t program_start(const char *name, const char *folder);

/* Whether FOLDER/NAME.conf is there. */
int program_has_conf(const char *name, const char *folder);

/* Whether any of their confs is: 0, or -1 after a line that says that there is
 * none. */
int program_check_folder(const char *folder);

#endif
