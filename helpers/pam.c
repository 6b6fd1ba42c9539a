/*
 * The PAM helper: asks PAM whether a system user's password is right, and runs
 * only where helpers.conf names a service.  It is root, since pam_unix reads
 * /etc/shadow for root alone; but without a capability, with no file to write
 * save what PAM modules keep in /run and /var/lib, and with one socket, to
 * accounts.  Modules may do what they do: look users up over the network,
 * start a process.
 */
#include "clock.h"
#include "helper.h"
#include "log.h"
#include "packet.h"
#include "privileges.h"
#include "server.h"
#include "settings.h"
#include "wire.h"
#include "worker.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

static const char *const calls[] = {
    "@base", "@loop", "@socket", "@connect", "@thread", "@file", NULL};

static const struct privileges privileges = {
    .process = "pam",
    .root = NULL,
    .is_root = 1,
    /* pam_unix takes a login that it can't report for one that failed. */
    .capabilities = UINT64_C(1) << CAP_AUDIT_WRITE,
    .files = 256,
    .file_size = UINT64_MAX,
    .processes = 1,
    .paths = {{"/etc", PATH_READ}, {"/usr", PATH_READ}, {"/dev", PATH_READ},
	{"/proc", PATH_READ}, {"/run", PATH_READ | PATH_WRITE},
	{"/var/lib", PATH_READ}},
    .calls = calls,
};

static const struct helper *helper;

/* RFC 4616 2 gives one secret: it answers each question that is not shown. */
static int
converse(int count, const struct pam_message **asked,
    struct pam_response **answers, void *password)
{
	struct pam_response *all = NULL;

	if (count <= 0 || count > PAM_MAX_NUM_MSG ||
	    (all = calloc((size_t)count, sizeof(*all))) == NULL)
		return PAM_CONV_ERR;
	for (int i = 0; i < count; i++) {
		if (asked[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			all[i].resp = strdup(password);
		else if (asked[i]->msg_style == PAM_PROMPT_ECHO_ON)
			all[i].resp = strdup("");
		else
			continue;
		if (all[i].resp == NULL) {
			while (i-- > 0)
				free(all[i].resp);
			free(all);
			return PAM_BUF_ERR;
		}
	}
	*answers = all;
	return PAM_SUCCESS;
}

/* Accounts makes failures wait; nobody else shall wait behind them here. */
static void
no_delay(int code, unsigned microseconds, void *arg)
{
	(void)code;
	(void)microseconds;
	(void)arg;
}

/* Whether PAM takes it: 1, 0, or -1 where it can't tell. */
static int
ask_pam(const char *user, char *password)
{
	void (*delay)(int, unsigned, void *) = no_delay;
	struct pam_conv talk = {converse, password};
	pam_handle_t *pam = NULL;
	const void *item;
	int code;

	code = pam_start(helper->conf->pam_service, user, &talk, &pam);
	if (code != PAM_SUCCESS) {
		log_error("pam.start", log_int("code", code));
		return -1;
	}
	memcpy(&item, &delay, sizeof(item));
	pam_set_item(pam, PAM_FAIL_DELAY, item);
	code = pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	/* An account that is locked or has expired is no account. */
	if (code == PAM_SUCCESS)
		code = pam_acct_mgmt(pam, PAM_SILENT);
	if (code != PAM_SUCCESS)
		log_info("pam.refused", log_text("user", user),
		    log_text("why", pam_strerror(pam, code)));
	pam_end(pam, code);
	switch (code) {
	case PAM_SUCCESS:
		return 1;
	case PAM_AUTHINFO_UNAVAIL:
	case PAM_SYSTEM_ERR:
	case PAM_BUF_ERR:
	case PAM_SERVICE_ERR:
		return -1;
	default:
		return 0;
	}
}

static int
answer_verify(struct request *q)
{
	char user[WIRE_NAME_MAX], password[WIRE_PASSWORD_MAX];
	struct packet fields;
	int malformed, found;

	packet_get_text(&q->packet, user, sizeof(user));
	packet_get_text(&q->packet, password, sizeof(password));
	malformed = packet_end(&q->packet) == -1;
	if (!malformed) {
		found = ask_pam(user, password);
		packet_init(&fields, WIRE_PAM_VERIFY);
		packet_put_u8(&fields, found == 1);
		request_reply(&q, found == -1 ? PACKET_TEMPORARY : PACKET_OK,
		    found == -1 ? NULL : &fields);
		packet_free(&fields);
	}
	explicit_bzero(password, sizeof(password));
	return malformed ? -1 : 0;
}

static const struct server_row rows[] = {
    {WIRE_PAM_VERIFY, ROLE_ACCOUNTS, 0, answer_verify, "pam_verify"},
    {.answer = NULL},
};
static struct server server = {.rows = rows, .peers_max = 1};

static void
serve(void *arg)
{
	int *failed = arg;

	if (server_attach(&server, helper->link_pam[0], ROLE_ACCOUNTS) == -1) {
		log_error("pam.serve", log_errno(errno));
		*failed = 1;
		worker_stop();
		return;
	}
	log_info("pam.ready", log_text("service", helper->conf->pam_service));
	helper_serve_until_told();
}

int
pam_run(const struct helper *h)
{
	int keep[] = {h->link_pam[0]}, failed = 0;

	helper = h;
	if (helper_drop(h, &privileges, keep, 1) == -1)
		return 1;
	if (worker_run(1, serve, &failed) == -1)
		failed = 1;
	return failed;
}
