#include "sockets.h"

#include "heritage.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static const char *const folders[SOCKETS_FOLDERS] = {"smtpd", "pop3d", "admin"};

static void
put_address(struct sockaddr_un *a, const char *run, enum sockets_folder folder,
    const char *name)
{
	int n;

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	n = snprintf(a->sun_path, sizeof(a->sun_path), "%s/%s/%s", run,
	    folders[folder], name);
	if (n < 0 || (size_t)n >= sizeof(a->sun_path))
		fatal("%s: path too long for sockets", run);
}

/* A new one, in the place of what is there; not yet for anybody. */
static int
make_socket(const struct sockaddr_un *a)
{
	int fd =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		fatal("socket: %s", strerror(errno));
	if (unlink(a->sun_path) == -1 && errno != ENOENT)
		fatal("%s: %s", a->sun_path, strerror(errno));
	if (bind(fd, (const struct sockaddr *)a, sizeof(*a)) == -1)
		fatal("%s: %s", a->sun_path, strerror(errno));
	return fd;
}

int
sockets_listen(
    const char *run, enum sockets_folder folder, const char *name, gid_t group)
{
	struct sockaddr_un a;
	int fd, is_passed = 0;

	put_address(&a, run, folder, name);
	if ((fd = heritage_socket(a.sun_path, &is_passed)) == -1)
		fd = make_socket(&a);
	if (!is_passed &&
	    (chown(a.sun_path, 0, group) == -1 ||
		chmod(a.sun_path, 0660) == -1 || listen(fd, BACKLOG) == -1))
		fatal("%s: %s", a.sun_path, strerror(errno));
	heritage_note(fd, a.sun_path, is_passed);
	return fd;
}

void
sockets_remove(const char *run, enum sockets_folder folder, const char *name)
{
	struct sockaddr_un a;

	put_address(&a, run, folder, name);
	if (heritage_is_passed(a.sun_path))
		return;
	if (unlink(a.sun_path) == -1 && errno != ENOENT)
		log_warn("socket.remove", log_text("path", a.sun_path),
		    log_errno(errno));
}
