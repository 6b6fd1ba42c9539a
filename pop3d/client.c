#include "client.h"

#include "device.h"
#include "keys.h"
#include "log.h"
#include "mailbox.h"
#include "privileges.h"
#include "service.h"
#include "session.h"
#include "settings.h"
#include "shelf.h"
#include "worker.h"

#include <errno.h>

/* Requests of one worker to one helper, under way or waiting. */
#define REQUESTS 4096

/* Letters are read from descriptors that the mailbox helper has opened. */
static const char *const calls[] = {"@base", "@loop", "@socket", "@local",
    "@thread", "pread64", "sendfile", NULL};

/* No capability, no path, no file; only the helpers' sockets in sight. */
static const struct privileges privileges = {
    .process = "pop3d",
    .root = "$run",
    .processes = WORKER_MAX,
    .calls = calls,
};

static _Thread_local struct device *accounts, *resolver;
static _Thread_local struct mailbox *mailbox;

struct device *
client_accounts(void)
{
	return accounts;
}

struct mailbox *
client_mailbox(void)
{
	return mailbox;
}

struct device *
client_resolver(void)
{
	return resolver;
}

static int
open_devices(const void *conf)
{
	(void)conf;
	accounts = device_open("accounts", "accounts", REQUESTS);
	resolver = device_open("resolver", "resolver", REQUESTS);
	mailbox = mailbox_connect("mailbox", REQUESTS);
	if (accounts != NULL && resolver != NULL && mailbox != NULL &&
	    keys_open() == 0)
		return 0;
	log_error("start.failed", log_errno(errno));
	return -1;
}

static void
close_devices(void)
{
	shelf_leave();
	device_close(&accounts);
	device_close(&resolver);
	mailbox_disconnect(&mailbox);
	keys_close();
}

const struct service client_service = {
    .name = "pop3d",
    .conf_path = "/etc/ringmail/pop3d.conf",
    .conf = &settings_spec,
    .privileges = &privileges,
    .prepare = settings_prepare,
    .open = open_devices,
    .close = close_devices,
    .open_keys = keys_open,
    .close_keys = keys_close,
    .have_keys = keys_have,
    .session = session_main,
    .view = session_view,
    .busy = "-ERR [SYS/TEMP] too many sessions, try again later\r\n",
};
