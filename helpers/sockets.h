/*
 * sockets -- the helpers' listening sockets below the run folder, made and
 * removed by their parent.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <sys/types.h>

/* Who asks there: a socket's folder. */
enum sockets_folder {
	SOCKETS_SMTPD,
	SOCKETS_POP3D,
	SOCKETS_ADMIN,
	SOCKETS_FOLDERS
};

/*
 * A listening socket RUN/FOLDER/NAME to which root and this group may connect:
 * the one that was
 * passed or handed on (heritage.h), or a new one in the place of what
 * was there.  A descriptor; ends the process on failure.
 */
int sockets_listen(
    const char *run, enum sockets_folder folder, const char *name, gid_t group);

/* Removes one, if it is there. */
void
sockets_remove(const char *run, enum sockets_folder folder, const char *name);

#endif
