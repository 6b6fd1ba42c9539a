/*
 * listen_path -- listening UNIX sockets: who may connect, and whose file in the
 * file system it is.
 *
 * A file is replaced, or removed, only if it is a socket that nobody listens
 * to, or our own: never anything else that a conf may name by mistake.
 */
#ifndef LISTEN_PATH_H
#define LISTEN_PATH_H

#include <stddef.h>
#include <sys/types.h>

/* Who may connect: write is what counts. */
struct listen_access {
	mode_t mode;
	gid_t group; /* (gid_t)-1: as it comes */
};

/* 0660, and the group that the system gives it. */
extern const struct listen_access listen_access_default;

/* Which file it is, as long as its socket is open. */
struct listen_file {
	dev_t device;
	ino_t inode; /* 0: none */
};

/*
 * Reads a mode of three or four octal digits, up to 0777, and the name of a
 * group ("": the process's own).  0, or -1 with a reason in why[size].  Reads
 * files: only at the start and in a parent.
 */
int listen_access_parse(const char *mode, const char *group,
    struct listen_access *access, char *why, size_t size);

/* The same as checks of a conf_setting (conf.h). */
int listen_check_mode(const char *mode, char *why, size_t size);
int listen_check_group(const char *group, char *why, size_t size);

/*
 * Opens a socket that listens at path (absolute, and short enough for one),
 * non-blocking and close-on-exec, the caller's; *file is what it made there.  A
 * socket that is left over is replaced.  -1 with errno: EADDRINUSE (somebody
 * listens there), EEXIST (something is there that is no socket), or as
 * bind(2).  Does not wait.  Changes the umask meanwhile: not beside threads.
 */
int listen_path_open(const char *path, const struct listen_access *access,
    struct listen_file *file);

/* Gives a socket that is there another access.  *file becomes what is there
 * where it was none.  0; -1 with errno, ENOENT where the file is no longer this
 * one. */
int listen_path_permit(const char *path, struct listen_file *file,
    const struct listen_access *access);

/* Removes the file, if it is still this one, and forgets it: before the socket
 * is closed. */
void listen_path_remove(const char *path, struct listen_file *file);

/* Rows for a table like those of TLS_ROWS (tls_settings.h). */
#define LISTEN_PATH_ROWS                                       \
	ROW("unix", "mode", TEXT, service.unix_mode, "0660",   \
	    .check = listen_check_mode),                       \
	    ROW("unix", "group", TEXT, service.unix_group, "", \
		.check = listen_check_group)

#endif
