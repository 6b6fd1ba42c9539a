#include "keys.h"
#include "path.h"
#include "privileges.h"
#include "service.h"
#include "session.h"
#include "settings.h"
#include "worker.h"

#include <stdint.h>
#include <string.h>

/* It connects to the helpers' sockets. */
static const char *const calls[] = {
    "@base", "@loop", "@socket", "@local", "@thread", NULL};

/*
 * The client process: no capability, no path, and only the helpers' sockets in
 * sight.  What it writes, it writes to spools that it was given open, so it has
 * no limit of its own for their size.
 */
static const struct privileges privileges = {
    .process = "smtpd",
    .root = "$run",
    .file_size = UINT64_MAX,
    .processes = WORKER_MAX,
    .calls = calls,
};

static const struct service smtpd = {
    .name = "smtpd",
    .conf_path = "/etc/ringmail/smtpd.conf",
    .conf = &settings_spec,
    .privileges = &privileges,
    .prepare = settings_prepare,
    .open = session_open,
    .close = session_close,
    .open_keys = keys_open,
    .close_keys = keys_close,
    .have_keys = keys_have,
    .session = session_run,
    .view = session_view,
    .busy = "421 4.3.2 Too many connections, try again later\r\n",
};

int
main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[argc - 2], "-p") == 0)
		return path_ask(argv[argc - 1]);
	return service_main(&smtpd, argc, argv);
}
